import { Client } from 'pg';

/** The database cannot be used as it is. The message says why, and names the mend. */
export class DatabaseRefusedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DatabaseRefusedError';
  }
}

const oldestVersion = 14;

const askDatabase = `
  SELECT current_setting('server_version') AS version, current_database() AS database, current_user AS role,
    current_schema() AS schema, current_setting('search_path') AS "searchPath", getdatabaseencoding() AS encoding`;

interface DatabaseRow {
  readonly version: string;
  readonly database: string;
  readonly role: string;
  /** Null where no schema of the search path exists. */
  readonly schema: string | null;
  readonly searchPath: string;
  readonly encoding: string;
}

/**
 * Looks at the database as this role finds it, before anything is made or stored in it.
 * @throws DatabaseRefusedError
 */
export async function checkDatabase(client: Client): Promise<void> {
  const { rows } = await client.query<DatabaseRow>(askDatabase);
  for (const found of rows) {
    const problem = problemOf(found);
    if (problem) throw new DatabaseRefusedError(problem);
  }
}

function problemOf({
  version,
  database,
  role,
  schema,
  searchPath,
  encoding,
}: DatabaseRow): string | undefined {
  if (Number.parseInt(version, 10) < oldestVersion) {
    return `The server is Postgres ${version}. Use version ${oldestVersion} or later.`;
  }
  if (encoding !== 'UTF8') {
    return (
      `The database "${database}" has the encoding ${encoding}, which cannot keep every text. ` +
      `Create one with UTF8, and use that: CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0.`
    );
  }
  if (schema === 'public') return undefined;
  const found = schema === null ? 'finds no schema' : `begins with the schema "${schema}"`;
  return (
    `The search_path of the role "${role}" (${searchPath}) ${found}, but the tables of this program are in "public". ` +
    `Set it back: ALTER ROLE "${role}" SET search_path = public, or take search_path out of the URL or the database's settings.`
  );
}
