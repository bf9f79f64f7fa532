import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { databaseAccount } from '../../src/platform/embedded-postgres/account';
import { usableBinaries } from '../../src/platform/embedded-postgres/binaries';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres';
import { isReady } from '../../src/platform/embedded-postgres/postmaster-file';
import { ServerLog } from '../../src/platform/embedded-postgres/server-log';
import { spawnWatchdog, type Watchdog } from '../../src/platform/embedded-postgres/watchdog';

const settings = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on', max_connections: '100' };

/** A server that keeps its port and its data when it is killed and started again. It ends with this process. */
export class FixedPortPostgres {
  private watchdog: Watchdog | undefined;

  private constructor(
    private readonly folder: string,
    private readonly cluster: string,
    private readonly port: number,
    readonly url: string,
    private readonly more: Readonly<Record<string, string>>,
  ) {}

  /** Makes a cluster, and starts its server. `more`: settings besides those that all have. */
  static async create(more: Readonly<Record<string, string>> = {}): Promise<FixedPortPostgres> {
    const folder = await mkdtemp(join(tmpdir(), 'annals-faults-'));
    await chmod(folder, 0o755);
    const made = await startEmbeddedPostgres({ dataDir: folder });
    await made.stop();
    const port = await portForGood();
    const url = new URL(made.url);
    url.port = String(port);
    const server = new FixedPortPostgres(folder, made.dataDir, port, url.href, more);
    await server.start();
    return server;
  }

  /** After a kill, what is left of the old server may hold the cluster for a moment. */
  async start(): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      const watchdog = await this.spawn();
      while (!watchdog.hasExited() && !(await isReady(this.cluster, watchdog.serverPid()))) await delay(10);
      this.watchdog = watchdog;
      if (!watchdog.hasExited()) return;
      await delay(100);
    }
    throw new Error(`Postgres did not start: see ${this.folder}/postgres.log.`);
  }

  /** Signals the postmaster, and waits until it is gone. SIGQUIT is what `pg_ctl stop -m immediate` sends. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const pid = this.watchdog?.serverPid();
    if (pid === undefined) throw new Error('The server does not run.');
    process.kill(pid, signal);
    while (!this.watchdog?.hasExited()) await delay(10);
  }

  async remove(): Promise<void> {
    await this.watchdog?.stop();
    for (const path of [this.cluster, this.folder]) await rm(path, { recursive: true, force: true });
  }

  private async spawn(): Promise<Watchdog> {
    const account = await databaseAccount();
    const { postgres } = await usableBinaries(account);
    const all = {
      ...settings,
      ...this.more,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      port: String(this.port),
    };
    const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const log = await ServerLog.open(this.folder);
    try {
      return spawnWatchdog(account, [postgres, '-D', this.cluster, ...options], log.fd);
    } finally {
      await log.close();
    }
  }
}

/**
 * A free port below those that outgoing connections get: nobody takes it while the server is down, and a client that
 * tries to reach the server then does not connect to itself.
 */
export async function portForGood(): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await isFree(port)) return port;
  }
  throw new Error('No port is free from 20000 to 29999.');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
