import type { LoggerService, LogLevel } from '@nestjs/common';
import { Environment } from '../config/environment';
import { JsonLogger } from './json-logger';
import { logFormat } from './log-format';
import { TextLogger } from './text-logger';

const levels: readonly LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];

/** What the framework tells of its own wiring; only `debug` wants to know. */
const wiring = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory']);

export function loggerFor(environment: Environment): LoggerService {
  const { LOG_LEVEL } = environment;
  const enabled = levels.slice(0, levels.indexOf(LOG_LEVEL) + 1);
  const isJson = logFormat(environment) === 'json';
  const logger = isJson ? new JsonLogger(LOG_LEVEL) : new TextLogger({ logLevels: enabled });
  return enabled.includes('debug') ? logger : withoutWiring(logger);
}

function withoutWiring(logger: LoggerService): LoggerService {
  const log = logger.log.bind(logger);
  logger.log = (message: unknown, ...more: unknown[]) => {
    if (!wiring.has(String(more.at(-1)))) log(message, ...more);
  };
  return logger;
}
