import { Client } from 'pg';
import { sessionSettings } from '../../event-sourcing';
import { Environment } from '../config/environment';
import { DatabaseRefusedError } from './check-database';

const probe = 'annals_probe';

/** Milliseconds for which another client waits for a session. */
const patience = 2_000;

const askSession = `
  SELECT pg_backend_pid() AS pid, current_user AS role,
    (SELECT json_object_agg(s.name, current_setting(s.name, true)) FROM unnest($1::text[]) AS s(name)) AS settings`;

const limits = ['statement_timeout', 'idle_in_transaction_session_timeout'];

interface SessionRow {
  readonly pid: number;
  readonly role: string;
  readonly settings: Readonly<Record<string, string | null>>;
}

/**
 * Behind a pooler the pools of this program make no settings: a session is used by others, too. There the role must have them.
 * @throws DatabaseRefusedError
 */
export async function checkSession(client: Client, url: string, environment: Environment): Promise<void> {
  const names = [...Object.keys(sessionSettings), ...limits];
  const { rows } = await client.query<SessionRow>(askSession, [names]);
  const [session] = rows;
  if (!session || session.pid === (client as unknown as { readonly processID: number }).processID) return;
  const missing = missingSettings(session.settings, environment);
  if (missing.length > 0) throw new DatabaseRefusedError(settingsMessage(session.role, missing));
  if (await losesPreparedStatements(client, url)) throw new DatabaseRefusedError(preparedMessage);
}

/** As `name = 'value'`. */
function missingSettings(
  settings: SessionRow['settings'],
  { STATEMENT_TIMEOUT_MS }: Environment,
): readonly string[] {
  const wrong = Object.entries(sessionSettings).filter(([name, value]) => {
    const found = settings[name];
    return typeof found === 'string' && !found.startsWith(value);
  });
  const unlimited = [
    ['statement_timeout', `${STATEMENT_TIMEOUT_MS}ms`],
    ['idle_in_transaction_session_timeout', '5s'],
  ].filter(([name]) => settings[String(name)] === '0');
  return [...wrong, ...unlimited].map(([name, value]) => `${name} = '${value}'`);
}

function settingsMessage(role: string, missing: readonly string[]): string {
  return (
    'Between this program and the server is a pooler, so the settings of the sessions must be those of the role. ' +
    `Run this on the server, then make the pooler connect again (RECONNECT):\n${missing
      .map((setting) => `  ALTER ROLE "${role}" SET ${setting};`)
      .join('\n')}\nSee docs/how-to/use-pgbouncer.md.`
  );
}

const preparedMessage =
  'Between this program and the server is a pooler that gives a session to several clients, but does not keep their prepared ' +
  'statements apart. Set max_prepared_statements = 200 in PgBouncer 1.21 or later, or pool_mode = session. ' +
  'See docs/how-to/use-pgbouncer.md.';

/**
 * A statement that stands under its own name in the server was not renamed by the pooler. That does no harm while a session stays with
 * one client; another client that is given the same session shows that it does not.
 */
async function losesPreparedStatements(client: Client, url: string): Promise<boolean> {
  const text =
    'SELECT pg_backend_pid() AS pid, (SELECT count(*) FROM pg_prepared_statements WHERE name = $1) AS probes';
  const { rows } = await client.query<{ pid: number; probes: string }>({
    name: probe,
    text,
    values: [probe],
  });
  return Number(rows[0]?.probes) > 0 && rows[0]?.pid === (await sessionOfAnother(url));
}

/** Its number in the server; undefined when the pooler has none to give while the first client is there. */
async function sessionOfAnother(url: string): Promise<number | undefined> {
  const other = new Client({
    connectionString: url,
    connectionTimeoutMillis: patience,
    query_timeout: patience,
  });
  other.on('error', () => undefined);
  try {
    await other.connect();
    return (await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
  } catch {
    return undefined;
  } finally {
    await other.end();
  }
}
