import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres';

export interface OwnServer {
  /** The database `annals`, as its superuser. */
  readonly url: string;
  /** Where the cluster really is. */
  readonly dataDir: string;
  /** Ends the server, and removes its data. */
  remove(): Promise<void>;
}

/** A server of one test file alone, for what concerns a whole server: its roles, its settings, its certificate. */
export async function startOwnServer(
  settings: Readonly<Record<string, string>> = { fsync: 'off' },
): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), 'annals-server-'));
  // So that the database's account can enter it when root runs the tests.
  await chmod(folder, 0o755);
  const { url, dataDir, stop } = await startEmbeddedPostgres({ dataDir: folder, settings });
  const remove = async (): Promise<void> => {
    await stop();
    for (const path of [dataDir, folder]) await rm(path, { recursive: true, force: true });
  };
  return { url, dataDir, remove };
}

/** Runs the statements one after the other on one connection, and gives the rows of the last. */
export async function runSql<T extends object>(url: string, ...statements: readonly string[]): Promise<T[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    let rows: T[] = [];
    for (const statement of statements) rows = (await client.query<T>(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}
