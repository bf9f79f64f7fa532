import { join } from 'node:path';
import { programEnvironment, type ProgramResult } from './service-process';
import { WarmProgram } from './warm-program';

const root = join(__dirname, '../..');
const commandLine = new WarmProgram(join(root, 'dist/cli.js'), { cwd: root, env: programEnvironment() });
const service = new WarmProgram(join(root, 'dist/main.js'), { cwd: root, env: programEnvironment() });

afterAll(() => [commandLine, service].forEach((program) => program.end()));

/**
 * Runs a command of the built command line in a process that is kept for the next one. `runProgram` shows how the program
 * itself starts, prints and ends.
 */
export function runCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<ProgramResult> {
  return commandLine.run(args, environment);
}

/**
 * Starts the built service where its start must be refused, in a process that is kept for the next such start. A start that
 * succeeds has no result. `runProgram` shows how a process ends that was refused.
 */
export function refusedStart(environment: Readonly<Record<string, string>>): Promise<ProgramResult> {
  return service.run([], { PORT: '0', ...environment });
}
