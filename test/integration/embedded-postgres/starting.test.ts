import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import {
  type EmbeddedPostgres,
  EmbeddedPostgresError,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../../../src/platform/embedded-postgres/embedded-postgres';
import { freePort } from '../../../src/platform/embedded-postgres/free-port';
import { clearAway, isAlive, temporaryFolder } from './launcher-process';

jest.mock('../../../src/platform/embedded-postgres/free-port', () => {
  const actual = jest.requireActual<{ freePort: typeof freePort }>(
    '../../../src/platform/embedded-postgres/free-port',
  );
  return { freePort: jest.fn(actual.freePort) };
});

describe('an embedded Postgres', () => {
  let home: string;
  let running: EmbeddedPostgres | undefined;

  beforeAll(async () => {
    home = temporaryFolder();
    await (await start({ dataDir: home })).stop();
  });
  afterEach(() => running?.stop());
  afterAll(clearAway);

  async function start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    running = await startEmbeddedPostgres(options);
    return running;
  }

  async function query(url: string, sql: string): Promise<Record<string, unknown> | undefined> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows[0];
    } finally {
      await client.end();
    }
  }

  it('has a UTF8 database that sorts the same way everywhere and belongs to the superuser annals_admin', async () => {
    const { url } = await start({ dataDir: home });
    const sql = `SELECT d.datname, pg_encoding_to_char(d.encoding) AS encoding, d.datlocprovider::text AS provider,
      d.datlocale AS locale, r.rolname, r.rolsuper, current_user::text AS me
      FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = current_database()`;
    expect(await query(url, sql)).toEqual({
      datname: 'annals',
      encoding: 'UTF8',
      provider: 'b',
      locale: 'C.UTF-8',
      rolname: 'annals_admin',
      rolsuper: true,
      me: 'annals_admin',
    });
  });

  it('writes to disk and takes 200 connections unless told otherwise', async () => {
    const sql = `SELECT current_setting('fsync') AS fsync, current_setting('max_connections') AS connections,
      current_setting('listen_addresses') AS listens, current_setting('unix_socket_directories') AS sockets`;
    const plain = { fsync: 'on', connections: '200', listens: '127.0.0.1', sockets: '' };
    const first = await start({ dataDir: home });
    expect(await query(first.url, sql)).toEqual(plain);
    await first.stop();
    const second = await start({
      dataDir: home,
      settings: { fsync: 'off', max_connections: '20', listen_addresses: '*' },
    });
    expect(await query(second.url, sql)).toEqual({ ...plain, fsync: 'off', connections: '20' });
  });

  it('lets nobody in without the password that only the owner can read', async () => {
    const { url } = await start({ dataDir: home });
    const file = join(home, 'postgres.password');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, 'postgres.log')).mode & 0o777).toBe(0o600);
    const wrong = url.replace(readFileSync(file, 'utf8'), 'guessed');
    await expect(query(wrong, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });

  it('keeps its data and its password over a stop, which may be called twice', async () => {
    const first = await start({ dataDir: home });
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await Promise.all([first.stop(), first.stop()]);
    expect(isAlive(first.pid)).toBe(false);
    const second = await start({ dataDir: home });
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual({ answer: 42 });
    expect(second.dataDir).toBe(join(home, 'postgres'));
  });

  it('takes another port when its port is taken at the last moment', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => squatter.once('listening', resolve));
    const { port } = squatter.address() as { port: number };
    jest.mocked(freePort).mockResolvedValueOnce(port).mockResolvedValueOnce(port);
    const started = await start({ dataDir: home });
    squatter.close();
    expect(started.port).not.toBe(port);
    expect(await query(started.url, 'SELECT 1 AS one')).toEqual({ one: 1 });
  });

  it('says what Postgres logged when it does not start, and what to try', async () => {
    const failing = startEmbeddedPostgres({ dataDir: home, settings: { max_connections: 'many' } });
    await expect(failing).rejects.toThrow(EmbeddedPostgresError);
    await expect(failing).rejects.toThrow(
      /invalid value for parameter "max_connections": "many"[^]*DATABASE_URL/,
    );
  });

  it('refuses a cluster whose password was lost', async () => {
    const file = join(home, 'postgres.password');
    const password = readFileSync(file, 'utf8');
    rmSync(file);
    await expect(startEmbeddedPostgres({ dataDir: home })).rejects.toThrow(/password[^]*set DATA_DIR/);
    writeFileSync(file, password, { mode: 0o600 });
  });

  it('refuses a cluster of another major version', async () => {
    const file = join(home, 'postgres', 'PG_VERSION');
    const version = readFileSync(file, 'utf8');
    writeFileSync(file, '17\n');
    await expect(startEmbeddedPostgres({ dataDir: home })).rejects.toThrow(/version 17;[^]*set DATA_DIR/);
    writeFileSync(file, version);
  });

  it('keeps at most one older log', async () => {
    const file = join(home, 'postgres.log');
    writeFileSync(file, 'x'.repeat(5_000_001));
    await start({ dataDir: home });
    expect(statSync(file).size).toBeLessThan(10_000);
    expect(statSync(`${file}.1`).size).toBe(5_000_001);
  });
});
