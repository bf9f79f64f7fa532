import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { Environment } from '../config/environment';
import { hostOf, isServerProven } from './tls';

/** The server may lose what it has acknowledged; the process must not start. */
export class UnsafeServerError extends Error {
  constructor(dangers: readonly string[]) {
    super(
      `The database server may lose acknowledged events:\n${dangers.map((danger) => `  - ${danger}`).join('\n')}\n` +
        'Change it there, and start again. ALLOW_UNSAFE_DATABASE_SETTINGS=true starts all the same.',
    );
    this.name = 'UnsafeServerError';
  }
}

/** What is lost when a setting is off, and where to switch it on. */
const dangers: Readonly<Record<string, string>> = {
  fsync:
    'fsync is off: a crash of the machine loses acknowledged events, and may ruin the whole cluster. Set fsync = on in postgresql.conf, and reload.',
  full_page_writes:
    'full_page_writes is off: a crash of the machine may leave torn pages behind, unless the file system never tears them. Set full_page_writes = on in postgresql.conf, and reload.',
  synchronous_commit:
    'synchronous_commit is off for this role: a crash of the server loses events that were acknowledged a moment before. ' +
    'Set it to on, where it was changed: postgresql.conf, ALTER ROLE, ALTER DATABASE or the URL.',
};

const unsafeSettings = `SELECT name FROM pg_settings WHERE name = ANY ($1) AND setting = 'off' ORDER BY name`;

/**
 * Looks at the server as the service would use it, with what is set for its role and database. Warns of what may lose or
 * betray events, and in production refuses a server that may lose them.
 * @throws UnsafeServerError
 */
export async function checkServer(url: string, environment: Environment): Promise<void> {
  const logger = new Logger('Database');
  const isProduction = environment.NODE_ENV === 'production';
  if (isProduction) for (const warning of tlsWarnings(url)) logger.warn(warning);
  const found = await findDangers(url);
  if (isProduction && found.length > 0 && !environment.ALLOW_UNSAFE_DATABASE_SETTINGS) {
    throw new UnsafeServerError(found);
  }
  for (const danger of found) logger.warn(`EVENTS MAY BE LOST: ${danger}`);
}

async function findDangers(url: string): Promise<string[]> {
  const client = new Client({
    connectionString: url,
    application_name: 'annals start',
    connectionTimeoutMillis: 10_000,
  });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(unsafeSettings, [Object.keys(dangers)]);
    return rows.map(({ name }) => dangers[name] ?? name);
  } finally {
    await client.end();
  }
}

function tlsWarnings(url: string): string[] {
  const host = hostOf(url);
  const isHere = /^(localhost|127(\.\d+){3}|::1|\/.*)$/.test(host);
  if (isHere || isServerProven(url)) return [];
  return [
    `THE DATABASE SERVER IS NOT PROVEN: whoever is between here and ${host} can read and change everything. ` +
      'Set DATABASE_CA_FILE, or sslmode=verify-full in DATABASE_URL.',
  ];
}
