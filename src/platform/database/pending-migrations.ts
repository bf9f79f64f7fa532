import { DataSource } from 'typeorm';
import { migrations } from './migrations';

const undefinedTable = '42P01';

/** Names of the migrations that have not run yet. */
export async function pendingMigrations(dataSource: DataSource): Promise<readonly string[]> {
  return pendingAmong((sql) => dataSource.query(sql));
}

/** The same, on any connection. */
export async function pendingAmong(
  query: (sql: string) => Promise<readonly { readonly name: string }[]>,
): Promise<readonly string[]> {
  const done = new Set(await doneMigrations(query));
  return migrations()
    .map((migration) => new migration().name ?? migration.name)
    .filter((name) => !done.has(name));
}

async function doneMigrations(query: Parameters<typeof pendingAmong>[0]): Promise<readonly string[]> {
  try {
    return (await query('SELECT name FROM migrations')).map(({ name }) => name);
  } catch (error) {
    if ((error as { code?: string }).code === undefinedTable) return [];
    throw error;
  }
}
