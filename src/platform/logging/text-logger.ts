import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { messageContext } from '../../event-sourcing';
import { errorText, withoutSecrets } from './without-secrets';

type Formatted = Parameters<ConsoleLogger['formatMessage']>;

/** Lines for people, with the correlation id at their end. As `JsonLogger`, it keeps no secrets. */
export class TextLogger extends ConsoleLogger {
  protected override formatMessage(...given: Formatted): string {
    const line = withoutSecrets(super.formatMessage(...given).trimEnd());
    const context = messageContext();
    return context ? `${line} (${context.correlationId})\n` : `${line}\n`;
  }

  protected override stringifyMessage(message: unknown, level: LogLevel): string {
    return message instanceof Error ? errorText(message) : String(super.stringifyMessage(message, level));
  }

  protected override printStackTrace(stack: string): void {
    super.printStackTrace(stack && withoutSecrets(stack));
  }
}
