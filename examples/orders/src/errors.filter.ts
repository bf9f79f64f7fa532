import { EventSourcingError, statusOfKind } from '@annals/nestjs';
import { type ArgumentsHost, Catch, HttpException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';

/** Errors of the domain and of the kernel say what kind they are, and each kind has a status of HTTP. */
@Catch(EventSourcingError)
export class ErrorsFilter extends BaseExceptionFilter {
  override catch(error: EventSourcingError, host: ArgumentsHost): void {
    if (error.kind === 'defect') return super.catch(error, host);
    const { code, kind, message } = error;
    super.catch(new HttpException({ code, message }, statusOfKind[kind]), host);
  }
}
