import { Logger } from '@nestjs/common';

/** How long the process may take to stop, in milliseconds, before it gives up and exits with 1. */
const stopWithin = 30_000;

/** On SIGINT and SIGTERM: runs `stop` once and exits; a second signal exits at once. */
export function stopOnSignals(stop: () => Promise<void>): void {
  const logger = new Logger('Process');
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    logger.log(`${signal}: stopping.`);
    setTimeout(() => {
      logger.error(`Not stopped after ${stopWithin} ms, giving up.`);
      process.exit(1);
    }, stopWithin).unref();
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
