import type { EntityManager } from 'typeorm';
import { ColumnValues, columnValues } from './column-values';
import { InvalidRowError } from './errors';
import { isToldByText } from './stored-text';
import { givenRows, givenValue, WrittenTable } from './write-rows';

/** A change that names the key of its row in another way. */
export interface Renaming {
  readonly key: ColumnValues;
  readonly given: ColumnValues;
}

/** Whether the keys name as many rows. Only the database knows: of `1` and `1.0`, of `A` and `a`, of `Z` and `+00:00`. */
export async function areDistinct(
  manager: EntityManager,
  table: WrittenTable,
  keys: readonly ColumnValues[],
): Promise<boolean> {
  if (keys.length < 2) return true;
  const { primary } = table.columns;
  const [row] = await manager.query<{ count: number }[]>(
    `SELECT count(*)::int4 AS count FROM (
       SELECT DISTINCT ${primary.map((name) => givenValue(table, name)).join(', ')} FROM ${givenRows(table, primary)}) AS different`,
    [JSON.stringify(keys)],
  );
  return row?.count === keys.length;
}

/** @throws InvalidRowError when both keys name different rows. */
export async function checkSameKey(
  manager: EntityManager,
  table: WrittenTable,
  { key, given }: Renaming,
): Promise<void> {
  const { primary, table: name } = table.columns;
  const pick = (values: ColumnValues): ColumnValues =>
    columnValues(...primary.map((column) => ({ [column]: values[column] })));
  const isPlain = primary.every((column) =>
    [key, given].every((values) => isToldByText(values[column], table.facts.columns.get(column))),
  );
  if (!isPlain && !(await areDistinct(manager, table, [pick(key), pick(given)]))) return;
  throw new InvalidRowError(`An update of "${name}" changes the key. Delete the row and insert another.`);
}
