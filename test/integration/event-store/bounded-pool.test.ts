import { BoundedPool } from '../../../src/event-sourcing';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';

const one = { name: 'one', text: 'SELECT 1 AS one', values: [] };

describe('a statement that fails', () => {
  let database: TestDatabase;
  let pool: BoundedPool;

  beforeEach(async () => {
    database = await createTestDatabase();
    pool = new BoundedPool({ connectionString: database.url, max: 1 });
    // It does not wait for its connections to close, and the database may be the first to go.
    pool.on('error', () => undefined);
  });

  afterEach(async () => {
    await pool.end();
    await database.drop();
  });

  const backend = async () =>
    (await pool.run<{ pid: number }>({ name: 'pid', text: 'SELECT pg_backend_pid() AS pid', values: [] }))[0]
      ?.pid;

  it('in the server keeps its connection, and its stack leads to who asked', async () => {
    const before = await backend();
    const failing = pool.run({ name: 'zero', text: 'SELECT 1 / 0', values: [] });
    const error = await failing.catch((reason: Error) => reason);
    expect(error).toMatchObject({
      code: '22012',
      stack: expect.stringContaining('bounded-pool.test') as string,
    });
    expect(await backend()).toBe(before);
  });

  it('before it is sent, because a value cannot be written, fails alone', async () => {
    const value = {
      toPostgres() {
        throw new Error('no such value');
      },
    };
    const failing = pool.run({ name: 'value', text: 'SELECT $1::text', values: [value] });
    await expect(failing).rejects.toThrow('no such value');
    expect(await pool.run(one)).toEqual([{ one: 1 }]);
    expect(pool.waitingCount).toBe(0);
  });

  it('with its connection gives the pool a new one', async () => {
    const before = await backend();
    const failing = pool.run({
      name: 'end',
      text: 'SELECT pg_terminate_backend(pg_backend_pid())',
      values: [],
    });
    await expect(failing).rejects.toThrow();
    expect(await backend()).not.toBe(before);
  });
});

it('a connection that is lost while nobody listens to it ends no process', async () => {
  const database = await createTestDatabase();
  const pool = new BoundedPool({ connectionString: database.url, max: 2 });
  pool.on('error', () => undefined);
  const client = await pool.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const ended = new Promise((resolve) => client.once('end', resolve));
  await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
  await ended;
  client.release(true);
  expect(await pool.run(one)).toEqual([{ one: 1 }]);
  await pool.end();
  await database.drop();
});
