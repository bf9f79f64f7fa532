import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from './account';
import { freePort } from './free-port';
import { isReady } from './postmaster-file';
import { ServerLog } from './server-log';
import { spawnWatchdog, type Watchdog } from './watchdog';

export interface ServerPlan {
  readonly postgres: string;
  readonly account: Account;
  /** The real place of the cluster. */
  readonly cluster: string;
  readonly dataDir: string;
  readonly settings: Readonly<Record<string, string>>;
}

export interface RunningServer {
  readonly pid: number;
  readonly port: number;
  readonly watchdog: Watchdog;
}

/** The server, or what Postgres logged while failing to start. */
export type Attempt = { readonly server: RunningServer } | { readonly failure: string };

/** Crash recovery may take a while; nothing else does. */
const readyWithinMs = 120_000;

export async function attemptServer(plan: ServerPlan): Promise<Attempt> {
  const port = await freePort();
  const log = await ServerLog.open(plan.dataDir);
  try {
    const watchdog = spawnWatchdog(plan.account, commandLine(plan, port), log.fd);
    const pid = await readyPid(plan.cluster, watchdog);
    if (pid !== undefined) return { server: { pid, port, watchdog } };
    const timedOut = watchdog.hasExited() ? '' : `\nnot ready within ${readyWithinMs / 1000} s`;
    await watchdog.stop();
    return { failure: (await log.added()) + timedOut };
  } finally {
    await log.close();
  }
}

function commandLine({ postgres, cluster, settings }: ServerPlan, port: number): string[] {
  const all = {
    max_connections: '200',
    shared_buffers: '128MB',
    ...settings,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port: String(port),
  };
  return [
    postgres,
    '-D',
    cluster,
    ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

async function readyPid(cluster: string, watchdog: Watchdog): Promise<number | undefined> {
  const deadline = Date.now() + readyWithinMs;
  while (!watchdog.hasExited() && Date.now() < deadline) {
    const pid = watchdog.serverPid();
    if (pid !== undefined && (await isReady(cluster, pid))) return pid;
    await sleep(10);
  }
  return undefined;
}
