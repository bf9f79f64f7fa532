import { Position, RecordedEvent } from '../../event-store/event-envelope';
import { EventStore } from '../../event-store/event-store';

/** How many of the last events are known by their ids. */
const known = 1_000;

/** The events that were handed on last, so that a log which was set back meanwhile is noticed. */
export class HandedEvents {
  private last: readonly { readonly position: Position; readonly id: string }[] = [];

  constructor(private readonly store: EventStore) {}

  add(events: readonly RecordedEvent[]): void {
    const added = events.map(({ position, id }) => ({ position, id }));
    this.last = [...this.last, ...added].slice(-known);
  }

  /** Whether the log still holds the last of them. */
  async areStored(): Promise<boolean> {
    const last = this.last.at(-1);
    if (!last) return true;
    const [stored] = await this.store.readAll({ after: last.position - 1n, limit: 1 });
    return stored?.id === last.id;
  }

  /** Forgets those that the log does not hold any more. Gives the position of the last that it holds; undefined for none. */
  async forgetLost(): Promise<Position | undefined> {
    const [first] = this.last;
    if (!first) return undefined;
    const stored = await this.store.readAll({ after: first.position - 1n, limit: known });
    const ids = new Set(stored.map(({ id }) => id));
    this.last = this.last.filter(({ id }) => ids.has(id));
    return this.last.at(-1)?.position;
  }
}
