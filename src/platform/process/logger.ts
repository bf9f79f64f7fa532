import { ConsoleLogger, LogLevel } from '@nestjs/common';
import { Environment } from '../config/environment';

const levels: readonly LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];

/** What the framework tells of its own wiring; only `debug` wants to know. */
const wiring = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory']);

class ProcessLogger extends ConsoleLogger {
  override log(message: unknown, ...more: unknown[]): void {
    const isWiring = wiring.has(String(more.at(-1)));
    if (!isWiring || this.isLevelEnabled('debug')) super.log(message, ...more);
  }
}

export function loggerFor({ LOG_FORMAT, LOG_LEVEL }: Environment): ConsoleLogger {
  return new ProcessLogger({
    json: LOG_FORMAT === 'json',
    logLevels: levels.slice(0, levels.indexOf(LOG_LEVEL) + 1),
  });
}
