import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { programEnvironment, type ProgramResult } from './service-process';

let commandLine: ChildProcess | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs a command of the built command line in a process that is kept for the next one, because to load the program takes
 * longer than most commands do. `runProgram` shows how the program itself starts, prints and ends. One command runs at a
 * time.
 */
export function runCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<ProgramResult> {
  const result = last.then(() => ask({ args, environment }));
  last = result.catch(() => undefined);
  return result;
}

afterAll(() => {
  commandLine?.kill();
});

async function ask(command: object): Promise<ProgramResult> {
  const child = (commandLine ??= fork(join(__dirname, 'warm-command-line.cjs'), {
    env: programEnvironment(),
    execArgv: [],
  }));
  const answered = new AbortController();
  const { signal } = answered;
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`The command line’s process ended with ${code} in the middle of a command.`);
  });
  const answer = once(child, 'message', { signal }) as Promise<[ProgramResult]>;
  child.send(command);
  try {
    const [result] = await Promise.race([answer, ended]);
    return result;
  } finally {
    answered.abort();
  }
}
