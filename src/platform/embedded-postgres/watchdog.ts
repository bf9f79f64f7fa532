import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import type { Account } from './account';
import { cleanEnvironment } from './run-as';

/**
 * Plain JavaScript, run with `node -e`: it must work from dist and under Jest alike. It is the parent of
 * Postgres and reads a pipe that this process holds open; however this process ends, the kernel closes the
 * pipe. Then: a fast shutdown, ten seconds later an immediate one (crash recovery at the next start).
 */
const script = `
  const { file, args, identity } = JSON.parse(process.argv[1]);
  process.title = 'annals-postgres-watchdog';
  const server = require('node:child_process').spawn(file, args, { ...identity, stdio: ['ignore', 2, 2] });
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    server.kill('SIGINT');
    setTimeout(() => server.kill('SIGQUIT'), 10_000);
  };
  server.on('error', (error) => { console.error(error.message); process.exit(1); });
  server.on('exit', (code) => process.exit(code ?? 1));
  process.stdin.on('error', stop).on('close', stop).resume();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  process.stdout.on('error', () => {}).write(String(server.pid ?? ''));
`;

export interface Watchdog {
  /** The postmaster's, once it runs. */
  serverPid(): number | undefined;
  hasExited(): boolean;
  /** Lets this process end without a stop(): the pipe closes then. */
  release(): void;
  /** Resolves when Postgres and the watchdog are gone. */
  stop(): Promise<void>;
}

/**
 * In a session of its own, so that Ctrl-C reaches the application first and not the database. Limit: SIGKILL
 * of the watchdog itself leaves Postgres running; the next start names its pid.
 */
export function spawnWatchdog(account: Account, command: readonly string[], logFd: number): Watchdog {
  const [file, ...args] = command;
  const child = spawn(process.execPath, ['-e', script, JSON.stringify({ file, args, ...account })], {
    cwd: '/',
    detached: true,
    env: cleanEnvironment(),
    stdio: ['pipe', 'pipe', logFd],
  });
  let pid = '';
  const gone = once(child, 'exit').catch(() => undefined);
  let exited = false;
  void gone.then(() => (exited = true));
  child.stdin?.on('error', () => undefined);
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (pid += text));
  return {
    serverPid: () => Number(pid) || undefined,
    hasExited: () => exited,
    release: () => {
      child.unref();
      unref(child.stdin);
      unref(child.stdout);
    },
    stop: async () => {
      child.ref();
      child.stdin?.end();
      await gone;
    },
  };
}

function unref(handle: unknown): void {
  if (handle instanceof Socket) handle.unref();
}
