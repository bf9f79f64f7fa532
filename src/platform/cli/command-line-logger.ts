import { ConsoleLogger } from '@nestjs/common';

/** Only what goes wrong is logged, and to standard error: standard output is for results. */
export class CommandLineLogger extends ConsoleLogger {
  constructor() {
    super({ logLevels: ['warn', 'error', 'fatal'], forceConsole: true });
  }

  override warn(...given: Parameters<ConsoleLogger['error']>): void {
    this.error(...given);
  }
}
