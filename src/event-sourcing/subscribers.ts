import { Injectable } from '@nestjs/common';
import { EventSourcingError } from './domain';
import { EventRegistrationError } from './event-store/event-registry';
import { segmentsOf } from './projections/projection-segment';
import { Projections } from './projections/projections';
import { DurableHandlers } from './subscriptions/handlers/durable-handlers';
import { Subscriber } from './subscriptions/subscriber';

/** Everyone who gets the events of the log: the projectors and the durable handlers of the application. */
@Injectable()
export class Subscribers {
  constructor(
    private readonly projections: Projections,
    private readonly handlers: DurableHandlers,
  ) {}

  /**
   * One for each segment of each subscription.
   * @throws EventRegistrationError for a name that two of them have or that must not be.
   */
  all(): readonly Subscriber[] {
    checkNames([...this.projections.all(), ...this.handlers.all()]);
    return [
      ...this.projections.all().flatMap((projection) => segmentsOf(projection)),
      ...this.handlers.all(),
    ];
  }

  names(): readonly string[] {
    return [...new Set(this.all().map((subscriber) => subscriber.name))];
  }

  /** The segments of one subscription. @throws UnknownSubscriptionError */
  get(name: string): readonly Subscriber[] {
    const segments = this.all().filter((subscriber) => subscriber.name === name);
    if (segments.length > 0) return segments;
    throw new UnknownSubscriptionError(name, this.names());
  }
}

function checkNames(subscriptions: readonly { readonly name: string }[]): void {
  const names = new Set<string>();
  for (const { name } of subscriptions) {
    if (!/^[\w.:-]{1,100}$/.test(name)) {
      throw new EventRegistrationError(
        `"${name}" cannot name a subscription. Use 1 to 100 letters, digits and . : _ -`,
      );
    }
    if (names.has(name)) {
      throw new EventRegistrationError(
        `Two subscriptions are named "${name}", and would move one checkpoint. Rename one.`,
      );
    }
    names.add(name);
  }
}

/** There is no subscription of this name. */
export class UnknownSubscriptionError extends EventSourcingError {
  readonly code = 'subscription.not-found';
  readonly kind = 'not-found';

  constructor(name: string, known: readonly string[]) {
    super(`There is no subscription "${name}". There are: ${known.join(', ') || 'none'}.`);
  }
}
