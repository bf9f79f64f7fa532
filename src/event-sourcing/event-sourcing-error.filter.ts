import { ArgumentsHost, Catch, HttpException, Logger } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { messageOfThrown } from './describe-thrown';
import { EventSourcingError } from './domain';
import { statusOfKind } from './status-of-kind';

/**
 * Answers errors of the kernel and of the domain over HTTP by their kind, with `{ statusCode, code, message }`:
 * `{ provide: APP_FILTER, useClass: EventSourcingErrorFilter }`. A defect is a 500 without details, and is logged like any other error.
 * An error that is `unavailable` is a 503 with `Retry-After`, whose message stays in the log.
 *
 * Messages of a microservice and GraphQL get the error as they do without this filter.
 */
@Catch(EventSourcingError)
export class EventSourcingErrorFilter extends BaseExceptionFilter {
  private readonly logger = new Logger(EventSourcingErrorFilter.name);

  override catch(error: EventSourcingError, host: ArgumentsHost): void {
    if (host.getType() !== 'http') return;
    if (error.kind === 'unavailable') this.delayRetry(error, host);
    super.catch(error.kind === 'defect' ? error : answerTo(error), host);
  }

  private delayRetry({ code, message, cause }: EventSourcingError, host: ArgumentsHost): void {
    this.logger.warn(`${code}: ${message}${cause === undefined ? '' : ` Cause: ${messageOfThrown(cause)}`}`);
    const adapter = this.applicationRef ?? this.httpAdapterHost?.httpAdapter;
    adapter?.setHeader?.(host.switchToHttp().getResponse(), 'Retry-After', '1');
  }
}

function answerTo(error: EventSourcingError): HttpException {
  const { code, kind } = error;
  const statusCode = statusOfKind[kind];
  const message = kind === 'unavailable' ? 'The service cannot do this now. Try again.' : error.message;
  return new HttpException({ statusCode, code, message }, statusCode, { cause: error });
}
