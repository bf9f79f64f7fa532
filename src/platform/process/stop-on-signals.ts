import { Logger } from '@nestjs/common';

export interface StopOptions {
  readonly stop: () => Promise<void>;
  /** How long that may take, in milliseconds, before the process gives up and exits with 1. */
  readonly withinMs: number;
  /** What is not finished yet: the reason for giving up. */
  readonly unfinished: () => string;
}

/** On SIGINT and SIGTERM: runs `stop` once and exits with 0; a second signal exits with 1 at once. */
export function stopOnSignals({ stop, withinMs, unfinished }: StopOptions): void {
  const logger = new Logger('Process');
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    logger.log(`${signal}: stopping.`);
    setTimeout(() => {
      logger.error(`Not stopped after ${withinMs} ms, giving up: ${unfinished()}.`);
      process.exit(1);
    }, withinMs).unref();
    stop().then(
      () => process.exit(0),
      (error: Error) => {
        logger.error(`Stopping failed: ${error.message}`, error.stack);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
}
