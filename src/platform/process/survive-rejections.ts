import { Logger } from '@nestjs/common';
import { workInWords } from '../../event-sourcing';

/**
 * From now on a promise that is rejected, and that nobody waits for, is logged with what it belonged to, and the process goes on.
 * It is the mistake of one message: its own answer and transaction are decided by what was awaited, and the messages of all
 * others must not end with it. An exception that nobody catches ends the process still, after a line that says the same:
 * it can come from anywhere, and leaves unknown what was half done.
 *
 * Node tells of both in the context in which the promise was made, or in which the exception was thrown.
 */
export function surviveRejections(): void {
  const logger = new Logger('Process');
  process.on('unhandledRejection', (reason) => {
    const { words, stack } = told(reason);
    logger.error(
      `A promise was rejected, and no code waits for it${origin()}: ${words}. The process goes on. Await the promise where it is made.`,
      stack,
    );
  });
  process.on('uncaughtExceptionMonitor', (error) => {
    const { words, stack } = told(error);
    logger.fatal(`No code caught an exception${origin()}: ${words}. The process ends.`, stack);
  });
}

/** `, in POST /v1/users, command CreateUser`; empty for what belongs to no message. */
function origin(): string {
  const words = workInWords();
  return words === '' ? '' : `, in ${words}`;
}

/** Anything can be thrown. Of what is no error only its kind is told, because it may hold data of a person. */
function told(reason: unknown): { readonly words: string; readonly stack?: string } {
  try {
    if (reason instanceof Error) return { words: `${reason.name}: ${reason.message}`, stack: reason.stack };
    return { words: Object.prototype.toString.call(reason) };
  } catch {
    return { words: 'an error that cannot be read' };
  }
}
