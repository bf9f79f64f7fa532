import { Injectable } from '@nestjs/common';
import { DurableEventsHandler, type HandlerContext, IDurableEventsHandler } from '../../../event-sourcing';
import { UserCreated } from '../domain/user-events';
import { WelcomeMessageEntity } from './welcome-message.entity';

/**
 * Policy: every new user is welcomed. Puts the message into the outbox `welcome_messages`, in the transaction that moves the
 * checkpoint; sending it is another's business. Users created before the policy came are not welcomed.
 */
@Injectable()
@DurableEventsHandler({ name: 'welcome-message', from: 'now', eventsPerTransaction: 100 }, UserCreated)
export class WelcomeNewUser implements IDurableEventsHandler<UserCreated> {
  handle({ name, email }: UserCreated, { rows, recorded }: HandlerContext): void {
    rows(WelcomeMessageEntity).insert({
      messageId: recorded.id,
      userId: recorded.stream.id,
      email,
      text: `Welcome, ${name}!`,
      createdAt: recorded.timestamp,
    });
  }
}
