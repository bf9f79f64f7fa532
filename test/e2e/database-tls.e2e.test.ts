import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../support/certificates';
import { runSql } from '../support/own-server';
import { refusedStart, runCommand } from '../support/run-command';
import { startService } from '../support/service-process';
import { startTlsServer, type TlsServer } from '../support/tls-server';
import { Client } from './client';
import { createUser, getUser } from './users';

// Starts several processes, and servers of its own: on a busy machine that takes long.
jest.setTimeout(180_000);

let folder: string;
let server: TlsServer;
let rightCa: string;
let wrongCa: string;

/** The server shows a certificate for `localhost`, and is reachable at 127.0.0.1 as well. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'annals-ca-'));
  const [right, wrong] = await Promise.all([createAuthority('the CA'), createAuthority('another CA')]);
  rightCa = await write('right-ca.pem', right.certificate);
  wrongCa = await write('wrong-ca.pem', wrong.certificate);
  server = await startTlsServer(await right.issue('localhost'));
});

afterAll(async () => {
  await server?.remove();
  await rm(folder, { recursive: true });
});

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

const migrate = (environment: Readonly<Record<string, string>>) => runCommand(['migrate'], environment);

describe('a server that talks TLS only', () => {
  it('with a certificate of the right CA for its name serves every connection of the service and the commands', async () => {
    const environment = { DATABASE_URL: server.url('localhost'), DATABASE_CA_FILE: rightCa };
    expect(await migrate(environment)).toMatchObject({ code: 0, stderr: '' });
    const service = await startService(environment);
    const client = new Client(service.url);
    await getUser(client, await createUser(client));
    const proven = `${server.url('localhost')}?sslmode=verify-full&sslrootcert=${encodeURIComponent(rightCa)}`;
    const connections = await runSql<{ name: string; ssl: boolean }>(
      proven,
      `SELECT DISTINCT application_name AS name, ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
       WHERE application_name LIKE 'annals %' ORDER BY 1`,
    );
    expect(connections).toEqual([
      { name: 'annals event store', ssl: true },
      { name: 'annals leases', ssl: true },
      { name: 'annals read models', ssl: true },
    ]);
    expect(await service.end()).toBe(0);
    expect(await runCommand(['verify'], environment)).toMatchObject({ code: 0, stderr: '' });
  });

  it('and a certificate of a CA that is not trusted is refused, by the service and by the migrations alike', async () => {
    for (const DATABASE_CA_FILE of [wrongCa, '']) {
      const url = `${server.url('localhost')}${DATABASE_CA_FILE ? '' : '?sslmode=verify-full'}`;
      const environment = { DATABASE_URL: url, DATABASE_CA_FILE };
      const message = /DatabaseStartError: .*(self-signed certificate|unable to (get|verify))/;
      expect(await refusedStart(environment)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(message) as string,
      });
      expect(await migrate(environment)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(message) as string,
      });
    }
  });

  it('and a certificate for another host is refused', async () => {
    for (const url of [server.url('127.0.0.1'), `${server.url('127.0.0.1')}?sslmode=require`]) {
      const environment = { DATABASE_URL: url, DATABASE_CA_FILE: rightCa };
      const { code, stderr } = await refusedStart(environment);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/does not match certificate's altnames/)]);
      expect(stderr).not.toContain(new URL(url).password);
    }
  });

  it('checks the role for migrations as well', async () => {
    const environment = {
      DATABASE_URL: server.url('localhost'),
      MIGRATION_DATABASE_URL: server.url('127.0.0.1'),
      DATABASE_CA_FILE: rightCa,
    };
    const { code, stderr } = await migrate(environment);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/does not match certificate's altnames/)]);
  });

  it('is not reached without TLS', async () => {
    const { code, stderr } = await migrate({ DATABASE_URL: server.url('localhost') });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/no pg_hba.conf entry .* no encryption/)]);
  });
});
