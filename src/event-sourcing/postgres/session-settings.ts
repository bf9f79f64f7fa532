import type { ClientBase, ClientConfig } from 'pg';

/**
 * What the code relies on in a session, whatever is set for the role, the database or the server:
 * - how values are written, so that the driver reads them as they are;
 * - one row for each match of a search, a session that outlasts an error;
 * - READ COMMITTED: an append and a lease read what is newer than their lock;
 * - no limits besides those of the pools.
 */
export const sessionSettings: Readonly<Record<string, string>> = {
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  array_nulls: 'on',
  standard_conforming_strings: 'on',
  gin_fuzzy_search_limit: '0',
  exit_on_error: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  lock_timeout: '0',
  idle_session_timeout: '0',
  transaction_timeout: '0',
};

const limits = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'] as const;

/**
 * The limits of a configuration, in milliseconds, apart from the rest. Poolers refuse them as parameters of a connection, so they are
 * set once it stands. Those of the URL stay as they are.
 */
export function limitsApart<Config extends ClientConfig>(
  config: Config,
): { readonly settings: Readonly<Record<string, string>>; readonly rest: Config } {
  const rest = { ...config };
  const settings: Record<string, string> = {};
  const ofUrl = new URLSearchParams(config.connectionString?.split('?')[1]);
  for (const limit of limits) {
    const value = config[limit];
    delete rest[limit];
    if (typeof value === 'number') settings[limit] = String(value);
  }
  for (const name of ofUrl.keys()) delete settings[name];
  return { settings, rest };
}

const openSession = `
  SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS "isReadOnly",
    (SELECT count(set_config(s.name, s.value, false)) FROM unnest($1::text[], $2::text[]) AS s(name, value)
     WHERE pg_backend_pid() = $3 AND current_setting(s.name, true) IS NOT NULL) AS "set"`;

/**
 * Makes these settings on a new connection, as far as its server knows them, and tells whether it may write; in one round trip. Behind
 * a pooler, which gives the connection a number of its own, nothing is set: it would stay with a session that others use, too.
 */
export async function prepareSession(
  client: ClientBase,
  settings: Readonly<Record<string, string>>,
  patienceMs: number,
): Promise<{ readonly isReadOnly: boolean }> {
  const { processID } = client as unknown as { readonly processID: number };
  const query = {
    text: openSession,
    values: [Object.keys(settings), Object.values(settings), processID],
    query_timeout: patienceMs,
  };
  const { rows } = await client.query<{ isReadOnly: boolean }>(query);
  return { isReadOnly: rows[0]?.isReadOnly === true };
}
