import type { EntityManager } from 'typeorm';

/** Rows that one of two tables has and the other has not. */
export interface TableDifference {
  readonly table: string;
  readonly onlyLeft: readonly Readonly<Record<string, unknown>>[];
  readonly onlyRight: readonly Readonly<Record<string, unknown>>[];
}

/** How many rows of a kind are shown. */
const shown = 20;

/**
 * A temporary table has no statistics, so that a plan by hashing may be made for few rows and meet millions: in memory that has
 * no end. Sorting goes to disk.
 */
const bySorting = 'SET LOCAL enable_hashagg = off';

/**
 * Compares two tables of the same shape as the transaction sees them. Their names are given quoted. With `.*` an alias means the
 * whole row, also where a column has its name.
 */
export async function compareTables(
  manager: EntityManager,
  table: string,
  left: string,
  right: string,
): Promise<TableDifference> {
  await manager.query(bySorting);
  const only = async (of: string, not: string): Promise<Record<string, unknown>[]> => {
    const rows = await manager.query<{ row: Record<string, unknown> }[]>(
      `SELECT to_jsonb(o.*) AS row FROM ${of} AS o EXCEPT ALL SELECT to_jsonb(n.*) FROM ${not} AS n
       ORDER BY row LIMIT ${shown}`,
    );
    return rows.map(({ row }) => row);
  };
  return { table, onlyLeft: await only(left, right), onlyRight: await only(right, left) };
}
