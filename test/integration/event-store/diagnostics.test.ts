import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { randomUUID } from 'node:crypto';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  appendBatch,
  appendConflict,
  appending,
  claimTaken,
  messageContext,
  type PostgresEventStore,
  runInMessageContext,
} from '../../../src/event-sourcing';
import { startStore, type StoreUnderTest } from './postgres-store';

let started: StoreUnderTest;
let store: PostgresEventStore;
beforeAll(async () => {
  started = await startStore();
  store = started.store;
});
afterAll(() => started.close());

const event = { type: 'counter.increased', data: { by: 1 } };
const newStream = () => ({ type: 'Counter', id: randomUUID() });
const append = (stream = newStream(), expectedVersion: 'no-stream' | 'any' = 'no-stream') =>
  store.appendToStream(stream, [event, event], { expectedVersion });

describe('what the store tells on its channels', () => {
  it('any tool hears by name: batches with their appends, events and outcome', async () => {
    const heard: unknown[] = [];
    const hear = (message: unknown): void => void heard.push(message);
    subscribe('annals:append:batch', hear);
    await Promise.all([append(), append(), append()]);
    unsubscribe('annals:append:batch', hear);
    await append();
    const milliseconds = expect.any(Number) as number;
    expect(heard).toEqual([
      { appends: 1, events: 2, milliseconds, outcome: 'answered' },
      { appends: 2, events: 4, milliseconds, outcome: 'answered' },
    ]);
  });

  it('is a conflict or a taken claim once for each append that is refused', async () => {
    const heard: unknown[] = [];
    const ends = [
      appendConflict.subscribe((it) => heard.push(it)),
      claimTaken.subscribe((it) => heard.push(it)),
    ];
    const stream = newStream();
    const claims = [{ scope: 'counter.label', value: randomUUID() }];
    const results = await Promise.allSettled([append(stream), append(stream), append(stream)]);
    await store.appendToStream(newStream(), [event], { expectedVersion: 'any', claims });
    await expect(
      store.appendToStream(newStream(), [event], { expectedVersion: 'any', claims }),
    ).rejects.toThrow('counter.label');
    for (const end of ends) end();
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(2);
    expect(heard).toEqual([
      { aggregateType: 'Counter' },
      { aggregateType: 'Counter' },
      { aggregateType: 'Counter', scope: 'counter.label' },
    ]);
  });

  it('an append runs in the context that a subscriber bound, and stores what it put into the metadata', async () => {
    const context = new AsyncLocalStorage<string>();
    appending.channel.start.bindStore(context, (work) => {
      work.metadata.note = 'from a subscriber';
      return 'bound';
    });
    const ended: unknown[] = [];
    const onEnd = (): void => void ended.push(context.getStore());
    appending.channel.asyncEnd.subscribe(onEnd);
    const stream = newStream();
    await append(stream);
    appending.channel.start.unbindStore(context);
    appending.channel.asyncEnd.unsubscribe(onEnd);
    await append(stream, 'any');
    const notes: unknown[] = [];
    for await (const { metadata } of store.readStream(stream)) notes.push(metadata.note);
    expect(notes).toEqual(['from a subscriber', 'from a subscriber', undefined, undefined]);
    expect(ended).toEqual(['bound']);
  });

  it('a batch is sent outside the context of the append that woke the queue', async () => {
    const contexts: unknown[] = [];
    const end = appendBatch.subscribe(() => contexts.push(messageContext()));
    await runInMessageContext({ correlationId: 'of a caller', actor: 'caller' }, () => append());
    end();
    expect(contexts).toEqual([undefined]);
  });

  it('without a subscriber no message is made', () => {
    expect([appendBatch, appendConflict, claimTaken].map(({ isObserved }) => isObserved)).toEqual([
      false,
      false,
      false,
    ]);
    expect(appending.channel.start.hasSubscribers).toBe(false);
  });
});
