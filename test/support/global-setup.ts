import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/platform/embedded-postgres/embedded-postgres';
import { migrate } from '../../src/platform/database/migrate';
import { makeTemplateDatabase } from './test-database';

/** Jest runs setup and teardown in one process but loads each apart: they share its global object only. */
declare global {
  var annalsTestServer: { readonly server: EmbeddedPostgres; readonly folder: string } | undefined;
}

/**
 * One server for all workers, which find it in TEST_POSTGRES_URL. With TEST_DATABASE_URL that server is used
 * and none is started.
 */
async function setUp(): Promise<void> {
  process.env.TEST_POSTGRES_URL = process.env.TEST_DATABASE_URL || (await startServer());
  await makeTemplateDatabase(migrate);
}

async function startServer(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'annals-test-'));
  // So that the database's account can enter it when root runs the tests; the password has a mode of its own.
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres({
    dataDir: folder,
    settings: { fsync: 'off', max_connections: '300' },
  });
  globalThis.annalsTestServer = { server, folder };
  return server.url;
}

export = setUp;
