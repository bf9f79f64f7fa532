import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import { quoted } from '../postgres/identifiers';
import { ColumnValues, columnValues } from './column-values';
import { PendingRow } from './pending-row';
import { RowColumns } from './row-columns';
import { readBack } from './stored-text';
import { givenRows, givenValue, WrittenTable } from './write-rows';

/**
 * The row that the table has for the key, marked as deleted or not. The key is compared as a row that is written with it would
 * be: in the type of the column, with its length and scale.
 */
export async function readRow<E extends ObjectLiteral>(
  manager: EntityManager,
  table: WrittenTable,
  { entity, key }: { readonly entity: EntityTarget<E>; readonly key: ColumnValues },
): Promise<E | undefined> {
  const { primary } = table.columns;
  const query = manager
    .createQueryBuilder<E>(entity, alias)
    .setFindOptions({ withDeleted: true })
    .setParameter(parameter, JSON.stringify([key]));
  const given = givenRows(table, primary, `:${parameter}`);
  for (const name of primary)
    query.andWhere(`${quoted(alias)}.${quoted(name)} = (SELECT ${givenValue(table, name)} FROM ${given})`);
  return (await query.getOne()) ?? undefined;
}

const alias = 'row_to_read';
const parameter = 'keyOfTheRowToRead';

/** The row as the table would give it back, a new object for each caller; undefined where only the table can tell. */
export function rowFrom<E extends ObjectLiteral>(
  { columns, facts }: WrittenTable,
  row: PendingRow,
): E | undefined {
  if (!columns.isReadable || hasCounted(columns, row)) return undefined;
  const entity = columns.metadata.create(undefined, { fromDeserializer: true }) as E;
  const values = columnValues(row.known, row.values);
  for (const column of columns.all) {
    const value = values[column.name];
    const fact = facts.columns.get(column.name);
    if (value === undefined || !fact) return undefined;
    const raw = value === null ? null : readBack(value, fact);
    if (raw === undefined) return undefined;
    column.set(entity, raw);
  }
  return entity;
}

/** The table counts changes, and notes their time, where they are not given. */
function hasCounted({ version, updated }: RowColumns, { changes, values }: PendingRow): boolean {
  const isMade = (name: string | undefined): boolean => name !== undefined && values[name] === undefined;
  return changes > 0 && (isMade(version) || isMade(updated));
}
