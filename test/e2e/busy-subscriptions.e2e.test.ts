import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
import { createTestDatabase, TestDatabase } from '../support/test-database';
import { waitUntil } from '../support/wait-until';

/** A page of the log, of events that take 3.5 ms of the processor each: longer than a lease of 2 s. */
const fill = `
  CREATE TABLE tallies (id text PRIMARY KEY, total integer NOT NULL, seen text NOT NULL);
  INSERT INTO annals.events (position, event_id, event_type, schema_version, aggregate_type, aggregate_id, aggregate_version, timestamp,
    data, metadata)
  SELECT n, gen_random_uuid(), 'Counted', 1, 'Tally', n::text, 1, now(), '{}', '{"actor": "test"}'
  FROM generate_series(1, 1000) AS n`;

describe('two processes with a projection that keeps the processor busy', () => {
  let database: TestDatabase;
  let client: Client;
  let processes: ChildProcess[];

  beforeEach(async () => {
    database = await createTestDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(fill);
    processes = [];
  });

  afterEach(async () => {
    await Promise.all(
      processes.map((child) => (child.kill('SIGTERM') ? once(child, 'exit') : Promise.resolve())),
    );
    await client.end();
    await database.drop();
  });

  function start(owner: string): void {
    const program = join(__dirname, 'busy-process.mjs');
    processes.push(spawn(process.execPath, [program, database.url, owner], { stdio: 'ignore' }));
  }

  const subscription = async () => {
    const text = 'SELECT position, epoch, owner FROM annals.subscriptions';
    return (await client.query<{ position: string; epoch: string; owner: string }>(text)).rows[0];
  };

  it('do not take the lease from each other: the owner goes on to the end', async () => {
    start('one');
    await waitUntil(async () => (await subscription())?.owner === 'one');
    start('two');
    await waitUntil(async () => (await subscription())?.position === '1000');
    expect(await subscription()).toEqual({ position: '1000', epoch: '1', owner: 'one' });
    const { rows } = await client.query('SELECT DISTINCT seen FROM tallies');
    expect(rows).toEqual([{ seen: 'one' }]);
  });
});
