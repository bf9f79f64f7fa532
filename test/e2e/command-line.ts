import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Client } from 'pg';
import { runCommand } from '../support/run-command';
import { type ProgramResult } from '../support/service-process';

export type RunCommand = (...args: readonly string[]) => Promise<ProgramResult>;

/** The operator's commands (`dist/cli.js`) on one database. */
export function commandLineOf(databaseUrl: string): RunCommand {
  return (...args) => runCommand(args, { DATABASE_URL: databaseUrl });
}

export const root = join(__dirname, '..', '..');

/** Starts a built program, for those that do not end by themselves. */
export function spawnProgram(
  program: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  input: 'ignore' | 'pipe' = 'ignore',
): ChildProcess {
  const { PATH, HOME } = process.env;
  return spawn(process.execPath, [join(root, 'dist', program), ...args], {
    cwd: root,
    env: { PATH, HOME, NO_COLOR: '1', SHUTDOWN_GRACE_MS: '0', ...environment },
    stdio: [input, 'pipe', 'pipe'],
  });
}

/** Runs a line of shell, as a user pastes it. */
export async function runInShell(line: string, environment: NodeJS.ProcessEnv = {}): Promise<ProgramResult> {
  const { PATH, HOME } = process.env;
  const child = spawn('sh', ['-c', line], { cwd: root, env: { PATH, HOME, NO_COLOR: '1', ...environment } });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

/** Every line as a JSON document; a line that is none fails the test. */
export function jsonLines<T>(output: string): T[] {
  expect(output.endsWith('\n')).toBe(true);
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

/** Asks the database itself. */
export async function query<T extends object>(databaseUrl: string, sql: string): Promise<T[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Asks again every 20 ms until the answer is `true`; gives up after so many tries. */
export async function eventually(what: string, ask: () => Promise<boolean>, tries = 1_000): Promise<void> {
  for (let left = tries; left > 0; left--) {
    if (await ask()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`It did not come about in time: ${what}.`);
}

export interface Folder {
  /** Where a file of this name would be. */
  path(name: string): string;
  write(name: string, lines: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

export async function temporaryFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'annals-e2e-'));
  return {
    write: async (name, lines) => {
      await writeFile(join(path, name), lines.join('\n'));
      return join(path, name);
    },
    path: (name) => join(path, name),
    remove: () => rm(path, { recursive: true }),
  };
}
