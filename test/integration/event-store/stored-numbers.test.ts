import { randomUUID } from 'node:crypto';
import { EventRegistry, InexactNumberError, RecordedEvent, StreamId } from '../../../src/event-sourcing';
import { DomainEvent } from '../../../src/event-sourcing/domain';
import { SharedLog } from '../../../src/event-sourcing/log/shared-log';
import { startStore, StoreUnderTest } from './postgres-store';

@DomainEvent('Paid')
class Paid {
  constructor(readonly amount: number) {}
}

const registry = new EventRegistry();
registry.register(Paid);

let under: StoreUnderTest;
beforeAll(async () => (under = await startStore()));
afterAll(() => under.close());

const metadata = '{"correlationId":"c","causationId":"c","actor":"sql"}';

/** As another program writes it, with SQL. */
async function write(data: string, given = metadata): Promise<StreamId> {
  const stream = { type: 'Account', id: randomUUID() };
  await under.sql.query("SELECT annals.try_append_event($1, $2, 0, $3, 'Paid', 1, $4, $5)", [
    stream.type,
    stream.id,
    randomUUID(),
    data,
    given,
  ]);
  return stream;
}

/** By a read of the stream, of several streams at once, of the log, and of the page that subscriptions share. */
async function read(stream: StreamId): Promise<RecordedEvent[]> {
  const after = (await under.store.head()) - 1n;
  const one = async (of: StreamId): Promise<RecordedEvent> => {
    for await (const event of under.store.readStream(of)) return event;
    throw new Error('It is not there.');
  };
  const [shared] = await new SharedLog(under.store).readAll({ after });
  const [logged] = await under.store.readAll({ after });
  const together = await Promise.all([one(stream), one(stream), one(stream)]);
  return [await one(stream), ...together, logged, shared].filter((event) => event !== undefined);
}

const inexact = [
  '9007199254740993',
  '12345678901234567890',
  '0.1000000000000000055511151231257827',
  '1e400',
  '-0',
  '1e-400',
];

describe('a number in the log', () => {
  it.each(inexact)('like %s is refused with its place, and what stands before it is not', async (literal) => {
    const stream = await write(`{"text":"1","lines":[{"amount":1},{"amount": ${literal}}]}`);
    const events = await read(stream);
    expect(events).toHaveLength(6);
    for (const event of events) {
      const words = `The event at position ${event.position} ("Paid", schema version 1) holds ${literal} at data.lines[1].amount`;
      for (const look of [
        () => event.data,
        () => registry.decode(event),
        () => JSON.stringify({ data: event.data }),
        () => ({ ...event }),
      ]) {
        expect(look).toThrow(InexactNumberError);
        expect(look).toThrow(words);
      }
      expect(event.metadata.actor).toBe('sql');
      expect(event.stream).toEqual(stream);
    }
  });

  it('is refused in the metadata, too', async () => {
    const stream = await write('{"amount":1}', metadata.replace('{', '{"tenant":{"no":1e400},'));
    for (const event of await read(stream)) {
      expect(() => event.metadata).toThrow('holds 1e400 at metadata.tenant.no');
      expect(event.data).toEqual({ amount: 1 });
    }
  });

  it.each(['9007199254740991', '1.50', '1e3', '0.30000000000000004', '1e21', '-0.5', '5e-324'])(
    'like %s comes back as it went',
    async (literal) => {
      const stream = await write(`{"amount" : ${literal}}`);
      for (const event of await read(stream)) expect(event.data).toEqual({ amount: Number(literal) });
    },
  );

  it('that cannot be read holds up no other event of its page', async () => {
    const after = await under.store.head();
    await write('{"amount":1}');
    await write('{"amount":1e400}');
    await write('{"amount":2}');
    const page = await under.store.readAll({ after });
    expect(page.map(({ type }) => type)).toEqual(['Paid', 'Paid', 'Paid']);
    expect([page[0]?.data, page[2]?.data]).toEqual([{ amount: 1 }, { amount: 2 }]);
  });
});
