import { ArgumentsHost, Catch, HttpException, Logger } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { type Observable, throwError } from 'rxjs';
import { messageOfThrown } from './describe-thrown';
import { EventSourcingError } from './domain';
import { statusOfKind } from './status-of-kind';

/**
 * Answers errors of the kernel and of the domain by their kind: `{ provide: APP_FILTER, useClass: EventSourcingErrorFilter }`.
 *
 * - HTTP: `{ statusCode, code, message }`. An error that is `unavailable` is a 503 with `Retry-After`; a defect is a 500.
 * - A message of a microservice: its caller gets `{ status: 'error', code, kind, message }`, as from an `RpcException`.
 * - A WebSocket: the client gets the same, as an event `exception`.
 * - Elsewhere (GraphQL) the error is thrown on, as it is.
 *
 * A defect is told without details and logged like any other error; the message of an `unavailable` one stays in the log.
 */
@Catch(EventSourcingError)
export class EventSourcingErrorFilter extends BaseExceptionFilter {
  private readonly logger = new Logger(EventSourcingErrorFilter.name);

  /** What it returns is the answer to a message, for Nest. */
  override catch(error: EventSourcingError, host: ArgumentsHost): void | Observable<never> {
    if (error.kind === 'unavailable') this.noteUnavailable(error);
    switch (host.getType<string>()) {
      case 'http':
        return this.answerRequest(error, host);
      case 'rpc':
        return throwError(() => this.answerToMessage(error));
      case 'ws':
        return sendException(host.switchToWs().getClient(), this.answerToMessage(error));
      default:
        throw error;
    }
  }

  private answerRequest(error: EventSourcingError, host: ArgumentsHost): void {
    if (error.kind === 'unavailable') {
      const adapter = this.applicationRef ?? this.httpAdapterHost?.httpAdapter;
      adapter?.setHeader?.(host.switchToHttp().getResponse(), 'Retry-After', '1');
    }
    super.catch(error.kind === 'defect' ? error : exceptionOf(error), host);
  }

  private answerToMessage(error: EventSourcingError): object {
    const { kind } = error;
    if (kind !== 'defect') return { status: 'error', kind, ...toldOf(error) };
    this.logger.error(error);
    return { status: 'error', kind, message: 'Internal server error' };
  }

  private noteUnavailable({ code, message, cause }: EventSourcingError): void {
    this.logger.warn(`${code}: ${message}${cause === undefined ? '' : ` Cause: ${messageOfThrown(cause)}`}`);
  }
}

/** The message of an error that is `unavailable` tells of the inside. */
function toldOf({ code, kind, message }: EventSourcingError): {
  readonly code: string;
  readonly message: string;
} {
  return { code, message: kind === 'unavailable' ? 'The service cannot do this now. Try again.' : message };
}

function exceptionOf(error: EventSourcingError): HttpException {
  const statusCode = statusOfKind[error.kind];
  return new HttpException({ statusCode, ...toldOf(error) }, statusCode, { cause: error });
}

/** A socket of `ws` has no events of the other side but messages; one of socket.io has. */
interface Socket {
  readonly send?: (text: string) => void;
  readonly readyState?: number;
  readonly emit?: (event: string, data: object) => void;
}

function sendException(client: Socket, data: object): void {
  if (typeof client.readyState === 'number') client.send?.(JSON.stringify({ event: 'exception', data }));
  else client.emit?.('exception', data);
}
