import type { INestApplicationContext } from '@nestjs/common';
import { Command, type OptionValues } from 'commander';
import { newId, runInMessageContext } from '../../event-sourcing';
import { allPrinted, Output } from './output';

export interface CommandContext {
  readonly output: Output;
  /** What to type in front of a command, for messages that name one. */
  readonly invocation: string;
  /** Starts the application, without HTTP and subscriptions, when the command first needs it. */
  readonly application: () => Promise<INestApplicationContext>;
  /** What to do about a failure of a subscription, in the words of this program; undefined where it knows nothing. */
  readonly mendOfFailure: MendOfFailure;
}

export type MendOfFailure = (failure: string, subscription: string) => string | undefined;

/** The work of a command. `false` means that it found something wrong: exit code 1. */
export type CommandWork<A extends readonly unknown[]> = (
  context: CommandContext,
  ...given: A
) => Promise<boolean | void>;

/** Adds a group of commands to the program; `run` makes a commander action of a command's work. */
export type AddCommands = (program: Command, run: RunCommand) => void;
export type RunCommand = <A extends readonly unknown[]>(
  work: CommandWork<A>,
) => (...given: A) => Promise<void>;

export interface CommandLineOptions {
  /** What the program is for; the help begins with it. */
  readonly description: string;
  /** What to type in front of a command. Gets the options of the program itself. */
  readonly invocation: (options: OptionValues) => string;
  readonly commands: readonly AddCommands[];
  readonly startApplication: (options: OptionValues) => Promise<StartedApplication>;
  readonly mendOfFailure?: MendOfFailure;
}

export interface StartedApplication {
  readonly application: INestApplicationContext;
  readonly stop: () => Promise<void>;
}

/** Runs one command as the actor `cli`, and resolves with the exit code. */
export async function runCommandLine(argv: readonly string[], options: CommandLineOptions): Promise<number> {
  let isFine = true;
  const program = new Command('annals')
    .description(options.description)
    .option('--json', 'print JSON, one document a line')
    .showHelpAfterError();
  const run: RunCommand =
    (work) =>
    async (...given) => {
      isFine = await runWork(options, program.opts(), (context) => work(context, ...given));
    };
  for (const add of options.commands) add(program, run);
  await program.parseAsync(argv);
  await allPrinted();
  return isFine ? 0 : 1;
}

async function runWork(
  { startApplication, invocation, mendOfFailure = () => undefined }: CommandLineOptions,
  given: OptionValues,
  work: (context: CommandContext) => Promise<boolean | void>,
): Promise<boolean> {
  let started: Promise<StartedApplication> | undefined;
  const context: CommandContext = {
    output: new Output(given.json === true),
    invocation: invocation(given),
    application: async () => (await (started ??= startApplication(given))).application,
    mendOfFailure,
  };
  try {
    const outcome = await runInMessageContext({ correlationId: newId(), actor: 'cli' }, () => work(context));
    return outcome !== false;
  } finally {
    await (await started)?.stop();
  }
}
