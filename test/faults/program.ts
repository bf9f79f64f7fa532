import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Where `dist`, `migrations` and `package.json` are. A long run takes a copy, so that nobody builds under its feet. */
const folder = process.env.FAULT_PROGRAM || join(__dirname, '..', '..');

/** Of services that are given a database, and leave only their key there. */
const DATA_DIR = join(tmpdir(), 'annals-test-data');

export type Environment = Readonly<Record<string, string>>;

export interface Service {
  readonly url: string;
  readonly pid: number;
  readonly output: () => string;
  readonly hasExited: () => boolean;
  /** SIGSTOP, SIGCONT: does not wait for anything. */
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal, and resolves with the exit code (null when the signal ended it). */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

const running = new Set<ChildProcess>();
const keys = new Map<string, string>();

/** The credentials for the service at this URL: the key that it printed. */
export function authorizationFor(url: string): Readonly<Record<string, string>> {
  return { Authorization: `Bearer ${keys.get(url)}` };
}

/** Starts the built service on a free port, and waits until it listens. */
export async function startService(environment: Environment): Promise<Service> {
  const child = run('main.js', [], { PORT: '0', ...environment });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const url = await listeningUrl(child, () => output);
  const [, key = ''] = /^API key \(admin, this run\): (ann_\S+)$/m.exec(output) ?? [];
  keys.set(url, key);
  return {
    url,
    pid: child.pid ?? 0,
    output: () => output,
    hasExited: () => !running.has(child),
    signal: (signal) => void child.kill(signal),
    end: async (signal) => {
      child.kill(signal);
      return (await exited)[0];
    },
  };
}

/** Runs the built command line to its end. */
export async function runCommand(
  args: readonly string[],
  environment: Environment,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = run('cli.js', args, environment);
  const [stdout, stderr, [code]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

/** Ends what a failed test left running, stopped processes too. */
export async function endPrograms(): Promise<void> {
  for (const child of [...running]) {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}

function run(program: string, args: readonly string[], environment: Environment): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [join(folder, 'dist', program), ...args], {
    cwd: folder,
    env: { PATH, HOME, NO_COLOR: '1', RATE_LIMIT: '1000000', DATA_DIR, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

function listeningUrl(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', () => {
      const [, url] = /Annals listens on (\S+)[^]*Stop it with/.exec(output()) ?? [];
      if (url) resolve(url);
    });
    child.once('exit', (code) =>
      reject(new Error(`The service ended with ${code} before it listened:\n${output()}`)),
    );
  });
}
