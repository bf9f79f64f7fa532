import { CallHandler, ExecutionContext, Injectable, NestInterceptor, Optional } from '@nestjs/common';
import { Observable } from 'rxjs';
import { newId } from '../new-id';
import { messageContext, MessageContext, runInMessageContext } from './message-context';

/** What a message tells of itself, in its headers or its data. What it does not tell is made. */
export type ContextOfMessage = (
  execution: ExecutionContext,
) => Partial<Pick<MessageContext, 'correlationId' | 'causationId' | 'actor'>>;

const sane = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * Runs the handler of a message (`@EventPattern`, `@MessagePattern`) in a message context, so that the events that it leads to carry
 * one correlation id and the actor. Without it each event has a correlation id of its own, and the actor `system`. It leaves a
 * context alone that is open already, as in a request.
 *
 * `new MessageContextInterceptor((execution) => ({ correlationId: …, actor: … }))` reads them from the message. An id that is not
 * 1 to 128 letters, digits and `. _ : -` is replaced by a new one; the actor is `message` unless told.
 */
@Injectable()
export class MessageContextInterceptor implements NestInterceptor {
  constructor(@Optional() private readonly contextOf?: ContextOfMessage) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (messageContext()) return next.handle();
    const { correlationId, causationId, actor } = this.contextOf?.(execution) ?? {};
    const context = { correlationId: saneOrNew(correlationId), actor: actor || 'message' };
    const cause = causationId !== undefined && sane.test(causationId) ? { causationId } : {};
    return new Observable((subscriber) =>
      runInMessageContext({ ...context, ...cause }, () => next.handle().subscribe(subscriber)),
    );
  }
}

function saneOrNew(correlationId: string | undefined): string {
  return correlationId !== undefined && sane.test(correlationId) ? correlationId : newId();
}
