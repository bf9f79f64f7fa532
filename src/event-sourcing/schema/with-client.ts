import { Client, ClientBase, ClientConfig } from 'pg';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';

type Connection = ClientConfig | ClientBase | Pool | DataSource;

/** Milliseconds to connect, where the configuration does not say. */
const patience = 10_000;

/** Runs `work` on one connection: a new one, one of a pool or of a data source, or the one that is given. */
export async function withClient<R>(
  connection: Connection,
  work: (client: ClientBase) => Promise<R>,
): Promise<R> {
  if (isDataSource(connection)) return withRunner(connection, work);
  if (isPool(connection)) return withPooled(connection, work);
  if (isClient(connection)) return work(connection);
  return withNew(connection, work);
}

async function withRunner<R>(dataSource: DataSource, work: (client: ClientBase) => Promise<R>): Promise<R> {
  const runner = dataSource.createQueryRunner('master');
  try {
    return await work((await runner.connect()) as ClientBase);
  } finally {
    await runner.release();
  }
}

async function withPooled<R>(pool: Pool, work: (client: ClientBase) => Promise<R>): Promise<R> {
  const client = await pool.connect();
  try {
    return await work(client);
  } finally {
    client.release();
  }
}

async function withNew<R>(config: ClientConfig, work: (client: ClientBase) => Promise<R>): Promise<R> {
  const client = new Client({
    application_name: 'annals migrate',
    connectionTimeoutMillis: patience,
    ...config,
  });
  // A connection that is lost also fails the query that waits for it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function isDataSource(connection: Connection): connection is DataSource {
  return 'createQueryRunner' in connection;
}

function isPool(connection: Connection): connection is Pool {
  return 'totalCount' in connection;
}

function isClient(connection: Connection): connection is ClientBase {
  return 'query' in connection;
}
