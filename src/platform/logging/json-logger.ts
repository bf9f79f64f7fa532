import type { LoggerService, LogLevel } from '@nestjs/common';
import pino, { type Logger } from 'pino';
import { logMembers } from './log-members';
import { errorText, withoutSecrets } from './without-secrets';

type Write = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

const levels: Readonly<Record<LogLevel, Write>> = {
  fatal: 'fatal',
  error: 'error',
  warn: 'warn',
  log: 'info',
  debug: 'debug',
  verbose: 'trace',
};

/** What was logged, taken apart by the conventions of Nest: a message, perhaps a stack and members, last the context. */
interface Entry {
  context?: string;
  stack?: string;
  [member: string]: unknown;
}

/** Lines are written together, when there are so many bytes of them, or milliseconds after the first. */
const pieceBytes = 4_096;
const pieceMs = 20;

/**
 * One JSON document a line on standard output. Errors are cut down to their stack, and no text keeps a secret. A process that
 * exits, or ends by an error, writes all its lines; one that is killed may keep those of its last 20 ms.
 */
export class JsonLogger implements LoggerService {
  private readonly logger: Logger;
  private readonly output = pino.destination({ dest: 1, sync: false, minLength: pieceBytes });
  private writing: NodeJS.Timeout | undefined;

  constructor(level: LogLevel) {
    const options = {
      level: levels[level],
      base: { pid: process.pid },
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      mixin: logMembers,
    };
    this.logger = pino(options, this.output);
  }

  fatal(message: unknown, ...more: unknown[]): void {
    this.write('fatal', message, more);
  }

  error(message: unknown, ...more: unknown[]): void {
    this.write('error', message, more);
  }

  warn(message: unknown, ...more: unknown[]): void {
    this.write('warn', message, more);
  }

  log(message: unknown, ...more: unknown[]): void {
    this.write('log', message, more);
  }

  debug(message: unknown, ...more: unknown[]): void {
    this.write('debug', message, more);
  }

  verbose(message: unknown, ...more: unknown[]): void {
    this.write('verbose', message, more);
  }

  private write(level: LogLevel, message: unknown, more: unknown[]): void {
    const write = levels[level];
    if (!this.logger.isLevelEnabled(write)) return;
    const entry = entryOf(more);
    if (message instanceof Error) entry.stack = errorText(message);
    this.logger[write](entry, textOf(message));
    this.writing ??= setTimeout(() => this.writeOut(), pieceMs).unref();
  }

  private writeOut(): void {
    this.writing = undefined;
    this.output.flush();
  }
}

function entryOf(more: unknown[]): Entry {
  const entry: Entry = {};
  const context = more.at(-1);
  if (typeof context === 'string') entry.context = context;
  for (const item of typeof context === 'string' ? more.slice(0, -1) : more) {
    if (typeof item === 'string') entry.stack = withoutSecrets(item);
    else if (item instanceof Error) entry.stack = errorText(item);
    else if (isPlain(item)) Object.assign(entry, safeMembers(item));
  }
  return entry;
}

function textOf(message: unknown): string {
  if (typeof message === 'string') return withoutSecrets(message);
  if (message instanceof Error) return withoutSecrets(message.message);
  if (isPlain(message)) return JSON.stringify(safeMembers(message));
  return withoutSecrets(String(message));
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Numbers, truth values and short texts; what is nested could hold anything. */
function safeMembers(given: object): Record<string, string | number | boolean> {
  const members: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === 'number' || typeof value === 'boolean') members[name] = value;
    if (typeof value === 'string') members[name] = withoutSecrets(value);
  }
  return members;
}
