import { AggregateClass, aggregateType } from '../domain';
import { RecordedEvent, StreamId } from '../event-store/event-envelope';
import { EventRegistry } from '../event-store/event-registry';
import { EventStore } from '../event-store/event-store';
import { InMemoryEventStore } from '../event-store/in-memory-event-store';
import { StoredEvent } from '../event-store/stored-event';

/** The aggregate that a stream belongs to, or the type of its streams. */
export type StreamOf = AggregateClass | string;

/** Events of one stream, as a spec names them. */
export interface InStream {
  readonly stream: StreamId;
  readonly events: readonly object[];
}

export function inStream(of: StreamOf, id: string, events: readonly object[]): InStream {
  return { stream: { type: typeof of === 'string' ? of : aggregateType(of), id }, events };
}

/** The id of the nth event of a spec. */
export function idOfEvent(n: number): string {
  return `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

/** The time of the nth event of a spec: noon UTC of 1 January 2026, and a minute more for each event. */
export function timeOfEvent(n: number): Date {
  return new Date(Date.UTC(2026, 0, 1, 12, n));
}

/** Appends the events in order; each gets the id of its place in the log. @throws InvalidAppendError */
export async function appendGiven(
  store: EventStore,
  registry: EventRegistry,
  given: readonly InStream[],
): Promise<void> {
  for (const { stream, events } of given) {
    for (const event of events) {
      const id = idOfEvent(Number(await store.head()) + 1);
      await store.appendToStream(stream, [{ id, ...registry.encode(event) }], { expectedVersion: 'any' });
    }
  }
}

/** The events as a log gives them back, with ids and times that are the same in every run. */
export async function recordedEvents(
  registry: EventRegistry,
  given: readonly InStream[],
): Promise<readonly RecordedEvent[]> {
  const store = new InMemoryEventStore();
  await appendGiven(store, registry, given);
  const events: RecordedEvent[] = [];
  for (let page = await store.readAll({ after: 0n }); page.length > 0;) {
    events.push(
      ...page.map((event) => StoredEvent.like(event, { timestamp: timeOfEvent(Number(event.position)) })),
    );
    page = await store.readAll({ after: BigInt(events.length) });
  }
  return events;
}
