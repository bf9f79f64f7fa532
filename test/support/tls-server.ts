import { chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres';
import { type KeyAndCertificate } from './certificates';

export interface TlsServer {
  /** The database `annals` at this name or address of the server. */
  url(host: string): string;
  /** Ends the server, and removes its data. */
  remove(): Promise<void>;
}

/** A real Postgres that shows this certificate, and refuses connections that are not encrypted. */
export async function startTlsServer({ key, certificate }: KeyAndCertificate): Promise<TlsServer> {
  const folder = await mkdtemp(join(tmpdir(), 'annals-tls-'));
  await chmod(folder, 0o755);
  const made = await startEmbeddedPostgres({ dataDir: folder, settings: { fsync: 'off' } });
  await made.stop();
  await writeOwned(made.dataDir, 'server.key', key);
  await writeOwned(made.dataDir, 'server.crt', certificate);
  await writeOwned(made.dataDir, 'pg_hba.conf', 'hostssl all all all scram-sha-256\n');
  const settings = { fsync: 'off', ssl: 'on', ssl_key_file: 'server.key', ssl_cert_file: 'server.crt' };
  const server = await startEmbeddedPostgres({ dataDir: folder, settings });
  return {
    url: (host) => server.url.replace('127.0.0.1', host),
    remove: async () => {
      await server.stop();
      for (const path of [server.dataDir, folder]) await rm(path, { recursive: true, force: true });
    },
  };
}

/** A file in the data directory that the database's account owns and alone may read. */
async function writeOwned(dataDir: string, name: string, text: string): Promise<void> {
  const { uid, gid } = await stat(dataDir);
  const path = join(dataDir, name);
  await writeFile(path, text);
  await chmod(path, 0o600);
  await chown(path, uid, gid);
}
