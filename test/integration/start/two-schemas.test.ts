import { Logger } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import {
  aggregateRepositoryToken,
  DurableEventsHandler,
  EventSourcedRepository,
  EventStore,
  LogCheck,
  migrateEventSourcing,
  ProjectionPositions,
  Rebuilds,
  SubscriptionControl,
} from '../../../src/event-sourcing';
import { createTestDatabase, TestDatabase } from '../../support/test-database';
import { waitUntil } from '../../support/wait-until';
import { Bell, createBells, run, Rung, startHost, stopHosts } from './host';

let database: TestDatabase;

beforeEach(async () => {
  for (const level of ['log', 'warn', 'error'] as const)
    jest.spyOn(Logger.prototype, level).mockImplementation();
  database = await createTestDatabase({ empty: true });
});

afterEach(async () => {
  await stopHosts();
  await database.drop();
  jest.restoreAllMocks();
});

const connection = () => ({ connectionString: database.url });

@DurableEventsHandler('mail', Rung)
class BrokenMail {
  handle(): void {
    throw new RangeError('no postman');
  }
}

/** A tenant: a log in one schema, and read models in another. */
async function startTenant(name: string): Promise<TestingModule> {
  await migrateEventSourcing({ connection: connection(), schema: name });
  await run(database.url, `CREATE SCHEMA ${name}_rows; SET search_path = ${name}_rows; ${createBells}`);
  return startHost({
    url: `${database.url}?options=-csearch_path%3D${name}_rows`,
    kernel: { store: { connection: connection() }, schema: name, subscriptions: { maxAttempts: 1 } },
    providers: [BrokenMail],
  });
}

async function ring(tenant: TestingModule, bell: string): Promise<void> {
  const bells = tenant.get<EventSourcedRepository<Bell>>(aggregateRepositoryToken(Bell), { strict: false });
  const { position } = await bells.save(new Bell(bell).ring());
  const positions = tenant.get(ProjectionPositions, { strict: false });
  expect(await positions.waitFor('bells', position, 20_000)).toBe(true);
}

const rowsOf = (tenant: string) =>
  run(database.url, `SELECT id, rings FROM ${tenant}_rows.bells ORDER BY id`);

describe('two event stores in one database', () => {
  it('append, project, park and rebuild in two schemas, and never meet', async () => {
    const [one, two] = [await startTenant('one'), await startTenant('two')];
    await ring(one, 'a');
    await ring(one, 'b');
    await ring(two, 'a');
    expect(await rowsOf('one')).toEqual([
      { id: 'a', rings: 1 },
      { id: 'b', rings: 1 },
    ]);
    expect(await rowsOf('two')).toEqual([{ id: 'a', rings: 1 }]);
    expect(await one.get(EventStore, { strict: false }).head()).toBe(2n);
    expect(await two.get(EventStore, { strict: false }).head()).toBe(1n);

    const parked = (tenant: TestingModule) =>
      tenant.get(SubscriptionControl, { strict: false }).parked('mail');
    await waitUntil(async () => (await parked(one)).length === 2 && (await parked(two)).length === 1);

    for (const [tenant, name] of [
      [one, 'one'],
      [two, 'two'],
    ] as const) {
      const rebuilds = tenant.get(Rebuilds, { strict: false });
      const before = await rowsOf(name);
      await rebuilds.request('bells');
      await waitUntil(async () => (await rebuilds.all()).length === 0);
      expect(await rowsOf(name)).toEqual(before);
      expect(await run(database.url, `SELECT id, rings FROM ${name}_old.bells ORDER BY id`)).toEqual(before);
      expect((await tenant.get(LogCheck, { strict: false }).run()).problems).toEqual([]);
    }
    const inPublic = await run(
      database.url,
      "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    );
    expect(inPublic).toEqual([]);
  });
});
