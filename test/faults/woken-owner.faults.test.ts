import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AppendSignal, PostgresEventStore } from '../../src/event-sourcing';
import { faultsOfTrail } from './faults-of-trail';
import { Pair } from './pair';
import { endPrograms, runCommand } from './program';
import { placesOf } from './stored';
import { readTrail } from './trail';
import { until } from './until';

let pair: Pair;
let store: PostgresEventStore;

beforeAll(async () => {
  pair = await Pair.start();
  const connection = { connectionString: pair.database.url };
  store = new PostgresEventStore({ connection }, new AppendSignal());
}, 120_000);

afterAll(async () => {
  await endPrograms();
  await store?.close();
  await pair?.end();
}, 60_000);

/**
 * The checkpoint is still where the former owner left it, so only the epoch can refuse its move. The new owner is stopped,
 * too, lest it be faster.
 */
it('an owner that wakes up before the new one has projected anything moves nothing', async () => {
  const { owner, other } = await pair.roles();
  pair.service(owner).signal('SIGSTOP');
  await until('the other one has the lease', async () => (await pair.owner()) === other);
  pair.service(other).signal('SIGSTOP');
  await appendUser();
  pair.service(owner).signal('SIGCONT');
  await delay(1_000);
  pair.service(other).signal('SIGCONT');

  await until('the event is projected', async () => {
    const { head, checkpoint } = await placesOf(pair.pool);
    return head === 1n && checkpoint === head;
  });
  expect(faultsOfTrail(await readTrail(pair.pool))).toEqual([]);
  expect(await runCommand(['verify'], { DATABASE_URL: pair.database.url })).toMatchObject({ code: 0 });
  expect((await fetch(`${pair.service(owner).url}/health/live`)).status).toBe(200);
});

async function appendUser(): Promise<void> {
  const data = { name: 'Ada Lovelace', email: 'ada@example.com' };
  await store.appendToStream({ type: 'User', id: randomUUID() }, [{ type: 'UserCreated', data }], {
    expectedVersion: 'no-stream',
  });
}
