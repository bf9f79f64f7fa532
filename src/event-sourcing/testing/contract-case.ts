import { v7 as uuidv7 } from 'uuid';
import { NewEvent, RecordedEvent, StreamId } from '../event-store/event-envelope';
import { EventStore } from '../event-store/event-store';
import { Receipt } from '../messaging/receipt';

/** One promise of the event store, as a test that any store can be put to. Uses streams of its own. */
export interface ContractCase {
  readonly name: string;
  /** Throws when the store breaks the promise. */
  readonly run: (store: EventStore) => Promise<void>;
}

export function newStream(): StreamId {
  return { type: 'Contract', id: uuidv7() };
}

export function newEvent(data: NewEvent['data'] = {}): NewEvent & { readonly id: string } {
  return { id: uuidv7(), type: 'Happened', data };
}

export function newEvents(count: number): (NewEvent & { readonly id: string })[] {
  return Array.from({ length: count }, (_, index) => newEvent({ index }));
}

export function newReceipt(given: Partial<Receipt> = {}): Receipt {
  return { caller: 'ada', key: uuidv7(), fingerprint: 'create', keepSeconds: 3_600, ...given };
}

export async function readWhole(store: EventStore, stream: StreamId): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of store.readStream(stream)) events.push(event);
  return events;
}

export async function readLogAfter(store: EventStore, position: bigint): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for (;;) {
    const page = await store.readAll({ after: events.at(-1)?.position ?? position, limit: 500 });
    if (page.length === 0) return events;
    events.push(...page);
  }
}
