import { Client } from 'pg';

const hasVersions = `SELECT current_setting('server_version_num')::integer >= 150000 AS yes`;

const askCollation = `
  SELECT datname AS database, datcollversion AS made, pg_database_collation_actual_version(oid) AS now
  FROM pg_database
  WHERE datname = current_database() AND datcollversion <> pg_database_collation_actual_version(oid)`;

interface CollationRow {
  readonly database: string;
  readonly made: string;
  readonly now: string;
}

/**
 * What to do when the order of text has changed under the database, as a new C library or ICU brings it; undefined when it has not.
 * The keys of the log are in the order of their bytes, which never changes; those of read models may not be. Postgres knows from 15 on.
 */
export async function collationWarning(client: Client): Promise<string | undefined> {
  if (!(await client.query<{ yes: boolean }>(hasVersions)).rows[0]?.yes) return undefined;
  const [changed] = (await client.query<CollationRow>(askCollation)).rows;
  if (!changed) return undefined;
  const { database, made, now } = changed;
  return (
    `THE ORDER OF TEXT HAS CHANGED: the database "${database}" was made with version ${made} of its collation, and the server has ${now}. ` +
    `Indexes on text may miss rows, and unique ones may let duplicates in. While the service stands still, run: ` +
    `REINDEX DATABASE "${database}"; ALTER DATABASE "${database}" REFRESH COLLATION VERSION; then: npm run cli -- verify`
  );
}
