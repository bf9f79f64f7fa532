import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** Of services that are given a database, and leave only their key there: nobody else can write to it. */
const DATA_DIR = join(tmpdir(), `annals-test-data-${userInfo().uid}`);
const root = join(__dirname, '..', '..');

export interface ServiceProcess {
  readonly url: string;
  /** The admin key that it printed; undefined when authentication is configured. */
  readonly key: string | undefined;
  readonly pid: number;
  /** Everything the process has printed so far. */
  output(): string;
  /** Sends the signal, and resolves with the exit code (null when the signal ended it). */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

const keys = new Map<string, string | undefined>();

/** The key that the service at this URL printed when it was started here. */
export function keyOf(url: string): string | undefined {
  return keys.get(url);
}

/** Starts the built service (`dist/main.js`) on a free port, and waits until it listens. */
export async function startService(environment: Readonly<Record<string, string>>): Promise<ServiceProcess> {
  const child = spawnProgram('main.js', [], { PORT: '0', ...environment });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const url = await waitForUrl(child, exited, () => output);
  const [, key] = /^API key \(admin, this run\): (ann_\S+)$/m.exec(output) ?? [];
  keys.set(url, key);
  return {
    url,
    key,
    pid: child.pid ?? 0,
    output: () => output,
    end: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return (await exited)[0];
    },
  };
}

export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a built program (`main.js`, `cli.js`) to its end. */
export async function runProgram(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<ProgramResult> {
  const child = spawnProgram(program, args, environment);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** The server of the tests has fsync off, to be fast; and no load balancer has to notice that a process stops. */
const forTests = { ALLOW_UNSAFE_DATABASE_SETTINGS: 'true', SHUTDOWN_GRACE_MS: '0' };

/** The variables of every built program that a test starts. */
export function programEnvironment(): NodeJS.ProcessEnv {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, NO_COLOR: '1', DATA_DIR, ...forTests };
}

function spawnProgram(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): ChildProcess {
  return spawn(process.execPath, [join(root, 'dist', program), ...args], {
    cwd: root,
    env: { ...programEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function waitForUrl(
  child: ChildProcess,
  exited: Promise<[number | null]>,
  output: () => string,
): Promise<string> {
  const listening = new Promise<string>((resolve) => {
    child.stdout?.on('data', () => {
      const [, url] =
        /Annals listens on (\S+)[^]*(?:Stop it with|with the database [^]*\n)/.exec(output()) ?? [];
      if (url) resolve(url);
    });
  });
  const ended = exited.then(([code]) => {
    throw new Error(`The service ended with ${code} before it listened:\n${output()}`);
  });
  return Promise.race([listening, ended]);
}
