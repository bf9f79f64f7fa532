import { DataSource } from 'typeorm';
import { migrations } from './migrations';

const undefinedTable = '42P01';

/** Names of the migrations that have not run yet. */
export async function pendingMigrations(dataSource: DataSource): Promise<readonly string[]> {
  const done = new Set(await doneMigrations(dataSource));
  return migrations()
    .map((migration) => new migration().name ?? migration.name)
    .filter((name) => !done.has(name));
}

async function doneMigrations(dataSource: DataSource): Promise<readonly string[]> {
  try {
    const rows = await dataSource.query<{ name: string }[]>('SELECT name FROM migrations');
    return rows.map((row) => row.name);
  } catch (error) {
    if ((error as { code?: string }).code === undefinedTable) return [];
    throw error;
  }
}
