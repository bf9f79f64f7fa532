import { Logger } from '@nestjs/common';
import { EventsHandler, IEventHandler } from '@nestjs/cqrs';
import { messageContext } from '../../../event-sourcing';
import { UserCreated } from '../domain/user-events';

/**
 * A reaction on the plain event bus: it may be lost when the process stops, so nothing that matters hangs on it. Names
 * and addresses stay out of the log.
 */
@EventsHandler(UserCreated)
export class AnnounceUserCreated implements IEventHandler<UserCreated> {
  private readonly logger = new Logger(AnnounceUserCreated.name);

  handle(_event: UserCreated): void {
    this.logger.debug(`A user was created (event ${messageContext()?.causationId ?? 'unknown'}).`);
  }
}
