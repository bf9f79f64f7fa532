import { DataSource } from 'typeorm';
import { canWriteOnNewConnection } from '../../../src/event-sourcing/postgres/new-connection';
import { runSql } from '../../support/own-server';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { proxyTo } from '../../e2e/database-proxy';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

async function opened(url: string): Promise<DataSource> {
  return new DataSource({ type: 'postgres', url, poolSize: 1 }).initialize();
}

describe('a question on a new connection', () => {
  it('is answered although every connection of the pool is taken', async () => {
    const dataSource = await opened(database.url);
    const runner = dataSource.createQueryRunner();
    await runner.connect();
    expect(await canWriteOnNewConnection(dataSource)).toBe(true);
    await runner.release();
    await dataSource.destroy();
  });

  it('fails where the server cannot be reached, or does not answer', async () => {
    const proxy = await proxyTo(database.url);
    const dataSource = await opened(proxy.url);
    proxy.hold();
    expect(await canWriteOnNewConnection(dataSource)).toBe(false);
    await proxy.cut();
    expect(await canWriteOnNewConnection(dataSource)).toBe(false);
    await dataSource.destroy();
  });

  it('fails where new sessions cannot write', async () => {
    const dataSource = await opened(database.url);
    const name = new URL(database.url).pathname.slice(1);
    await runSql(database.url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    expect(await canWriteOnNewConnection(dataSource)).toBe(false);
    await dataSource.destroy();
  });
});
