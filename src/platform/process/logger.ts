import { ConsoleLogger, LogLevel } from '@nestjs/common';
import { Environment } from '../config/environment';

const levels: readonly LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];

export function loggerFor({ LOG_FORMAT, LOG_LEVEL }: Environment): ConsoleLogger {
  return new ConsoleLogger({
    json: LOG_FORMAT === 'json',
    logLevels: levels.slice(0, levels.indexOf(LOG_LEVEL) + 1),
  });
}
