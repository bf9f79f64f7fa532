import { Environment } from '../config/environment';
import { ConfigurationError } from '../config/validate-environment';
import { startError } from '../database/database';
import { withClient } from '../database/with-client';
import { importKeysFile } from './import-keys-file';
import { KeyTable } from './key-table';
import type { DeclaredRoles } from './roles';

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

const mend = 'set AUTH_ISSUER and AUTH_AUDIENCE, or make a key: node dist/cli.js keys create --role admin';

/**
 * Whether authentication is configured: by a variable, or by a key in the database at `url`, where it brings those of
 * `API_KEYS_FILE`. Throws where a process that serves HTTP must not start as it is. Commands of the operator and processes
 * without HTTP need no authentication.
 * @throws ConfigurationError
 */
export async function requireAuthentication(
  environment: Environment,
  roles: DeclaredRoles,
  url: string,
): Promise<boolean> {
  if (!environment.HTTP_ENABLED) return true;
  const { API_KEYS, API_KEYS_FILE, AUTH_ISSUER } = environment;
  if (API_KEYS_FILE !== undefined) await withTable(url, (table) => importKeysFile(environment, roles, table));
  if ([API_KEYS, API_KEYS_FILE, AUTH_ISSUER].some((variable) => variable !== undefined)) return true;
  if (await withTable(url, (table) => table.hasValid())) return true;
  const problems = problemsWithoutAuthentication(environment);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return false;
}

function problemsWithoutAuthentication({ NODE_ENV, HOST }: Environment): string[] {
  if (NODE_ENV === 'production')
    return [`Authentication is not configured, and production does not start without it: ${mend}`];
  if (!loopback.has(HOST))
    return [
      `HOST is ${HOST}, but without authentication it must be loopback: keep it on 127.0.0.1, or ${mend}`,
    ];
  return [];
}

async function withTable<R>(url: string, work: (table: KeyTable) => Promise<R>): Promise<R> {
  try {
    return await withClient(url, (client) =>
      work(new KeyTable(async (sql, values) => (await client.query<object>(sql, [...values])).rows)),
    );
  } catch (error) {
    throw error instanceof ConfigurationError ? error : startError(error);
  }
}
