import type { DataSource, EntityManager, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';
import { quoted } from '../postgres/identifiers';
import { Difference, differences, shown } from './differences';

/** The rows of a table by their primary keys, each with its columns as text. */
export type RowsByKey = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** As text in UTC, and so exact, and the same from every session. */
const asText = (table: string): string =>
  `SELECT (SELECT jsonb_object_agg(key, value) FROM jsonb_each_text(to_jsonb(t))) AS row FROM ${table} AS t`;

/** What a table holds, for comparing it with what it holds after another trial. */
export async function readRows(
  manager: EntityManager,
  { tableName, primaryColumns }: EntityMetadata,
): Promise<RowsByKey> {
  await manager.query("SET LOCAL TIME ZONE 'UTC'");
  const rows = await manager.query<{ row: ObjectLiteral }[]>(asText(quoted(tableName)));
  const names = primaryColumns.map(({ databaseName }) => databaseName);
  return byKey(
    rows.map(({ row }) => row),
    names,
  );
}

/** Where the rows of an entity are not the expected ones: which row, and which of its members. */
export async function differencesFromRows<E extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<E>,
  expected: readonly E[],
): Promise<Difference[]> {
  const { primaryColumns, tableName } = metadataOf(manager.connection, entity);
  const names = primaryColumns.map(({ propertyName }) => propertyName);
  const received = await manager.find(entity);
  return rowDifferences(tableName, byKey(expected, names), byKey(received, names));
}

export function rowDifferences(table: string, expected: RowsByKey, received: RowsByKey): Difference[] {
  const keys = [...new Set([...expected.keys(), ...received.keys()])];
  return keys.flatMap((key) => {
    const [left, right] = [expected.get(key), received.get(key)];
    const place = `${table}, row ${key}`;
    if (left && right) return differences(left, right, place);
    return [{ place, expected: rowShown(left), received: rowShown(right) }];
  });
}

function rowShown(row: object | undefined): string {
  return row ? shown(row) : 'no row';
}

function byKey(rows: readonly ObjectLiteral[], names: readonly string[]): RowsByKey {
  return new Map(
    rows.map((row) => [
      shown(Object.fromEntries(names.map((name) => [name, row[name] as unknown]))),
      { ...row },
    ]),
  );
}

/** @throws Error for an entity that the data source does not know. */
export function metadataOf<E extends ObjectLiteral>(
  dataSource: DataSource,
  entity: EntityTarget<E>,
): EntityMetadata {
  if (dataSource.hasMetadata(entity)) return dataSource.getMetadata(entity);
  const name = typeof entity === 'function' ? entity.name : shown(entity);
  throw new Error(
    `The data source of the spec does not know ${name}. Give it: new DataSource({ entities: [${name}], … }).`,
  );
}
