import { Injectable } from '@nestjs/common';
import { DurableEventsHandler, type HandlerContext, IDurableEventsHandler } from '../../../event-sourcing';
import { UserCreated } from '../domain/user-events';

const insertMessage = `
  INSERT INTO welcome_messages (message_id, user_id, email, text, created_at) VALUES ($1, $2, $3, $4, $5)`;

/**
 * Policy: every new user is welcomed. Puts the message into the outbox `welcome_messages`, in the transaction that moves the
 * checkpoint; sending it is another's business. Users created before the policy came are not welcomed.
 */
@Injectable()
@DurableEventsHandler({ name: 'welcome-message', from: 'now', eventsPerTransaction: 100 }, UserCreated)
export class WelcomeNewUser implements IDurableEventsHandler<UserCreated> {
  async handle({ name, email }: UserCreated, { manager, recorded }: HandlerContext): Promise<void> {
    const text = `Welcome, ${name}!`;
    await manager.query(insertMessage, [recorded.id, recorded.stream.id, email, text, recorded.timestamp]);
  }
}
