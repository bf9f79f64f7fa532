import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Account } from './account';
import { reasonOf } from './embedded-postgres-error';

export interface Outcome {
  readonly ok: boolean;
  readonly stdout: string;
  /** Standard error, or the reason why the command could not be run at all. */
  readonly problem: string;
}

/** No PG* or NODE_OPTIONS of the caller; C messages (the launcher reads them); UTC as a new cluster's zone. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}

const timeoutMs = 120_000;

/** Runs a command as the account and never rejects. The working directory is one that anybody can enter. */
export async function runAs(account: Account, command: readonly string[], input = ''): Promise<Outcome> {
  try {
    return await run(account, command, input);
  } catch (error) {
    return { ok: false, stdout: '', problem: reasonOf(error) };
  }
}

async function run(account: Account, command: readonly string[], input: string): Promise<Outcome> {
  const [file = '', ...args] = command;
  const options = {
    ...account.identity,
    cwd: '/',
    env: cleanEnvironment(),
    signal: AbortSignal.timeout(timeoutMs),
  };
  const child = spawn(file, args, options);
  const ended = once(child, 'close') as Promise<[number | null, string | null]>;
  child.stdin.on('error', () => undefined).end(input);
  const [[code, signal], stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return {
    ok: code === 0,
    stdout,
    problem: stderr.trim() || stdout.trim() || `it ended with ${code ?? signal}`,
  };
}

/** Asks the kernel, as the account: modes, ACLs and mounts all count. */
export async function canEnter(account: Account, directory: string): Promise<boolean> {
  if (!account.identity) return true;
  const answer = await runAs(account, ['/bin/sh', '-c', 'cd -- "$1"', 'sh', directory]);
  return answer.ok;
}
