import { EventSourcingError } from '@annals/nestjs';
import { type ArgumentsHost, Catch, HttpException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';

const statuses = { invalid: 400, 'not-found': 404, conflict: 409, rule: 422, unavailable: 503, defect: 500 };

/** Errors of the domain and of the kernel say what kind they are; HTTP has a status for each kind. */
@Catch(EventSourcingError)
export class ErrorsFilter extends BaseExceptionFilter {
  override catch(error: EventSourcingError, host: ArgumentsHost): void {
    if (error.kind === 'defect') return super.catch(error, host);
    const { code, kind, message } = error;
    super.catch(new HttpException({ code, message }, statuses[kind]), host);
  }
}
