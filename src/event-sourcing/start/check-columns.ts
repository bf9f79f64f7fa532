import type { DataSource, EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { quoted } from '../postgres/identifiers';
import { TableMismatchError } from './errors';

/** What Postgres says of a table that an entity names. */
interface TableRow {
  readonly kind: string | null;
  readonly columns: readonly TableColumn[];
  /** The columns of each unique index without a condition. */
  readonly keys: readonly (readonly string[])[];
  /** A trigger may fill what an insert leaves out. */
  readonly hasTriggers: boolean;
}

interface TableColumn {
  readonly name: string;
  /** Of a domain, what it is made of; of an array, its elements. */
  readonly type: string;
  readonly typname: string;
  readonly isArray: boolean;
  readonly isNullable: boolean;
  readonly isFilled: boolean;
  /** Longest text, in characters; null without a limit. */
  readonly length: number | null;
}

const describeTable = `
  SELECT c.relkind AS kind, c.relhastriggers AND EXISTS (
      SELECT FROM pg_trigger AS g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal) AS "hasTriggers",
    COALESCE((
      SELECT json_agg(json_build_object('name', a.attname, 'type', CASE WHEN e.typtype = 'e' THEN 'enum' ELSE format_type(e.oid, NULL) END,
        'typname', e.typname, 'isArray', e.oid <> b.oid, 'isNullable', NOT a.attnotnull,
        'isFilled', a.atthasdef OR a.attidentity <> '',
        'length', CASE WHEN e.typname IN ('varchar', 'bpchar') AND a.atttypmod > 0 THEN a.atttypmod - 4 END))
      FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
        JOIN pg_type AS b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
        JOIN pg_type AS e ON e.oid = CASE WHEN b.typcategory = 'A' THEN b.typelem ELSE b.oid END
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns,
    COALESCE((
      SELECT json_agg((SELECT json_agg(a.attname) FROM pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey::smallint[])))
      FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL), '[]') AS keys
  FROM (SELECT to_regclass($1) AS oid) AS r LEFT JOIN pg_class AS c ON c.oid = r.oid`;

/** Kept alike by Postgres: what differs is their limit alone. */
const texts = new Set(['character varying', 'text', 'character', 'citext', 'name']);

/**
 * Compares the table of an entity with what the entity says of it, as far as the entity does.
 * @throws TableMismatchError with the first difference that would make events fail, or change what is stored
 */
export async function checkColumns(
  dataSource: DataSource,
  projection: string,
  entity: EntityMetadata,
): Promise<void> {
  const table = `table "${entity.tableName}" of projector "${projection}"`;
  const [row] = await dataSource.query<TableRow[]>(describeTable, [quoted(entity.tableName)]);
  if (!row || row.kind === null) {
    throw new TableMismatchError(
      `There is no ${table}. Run its migration, or correct the name in entity ${entity.name}.`,
    );
  }
  if (row.kind !== 'r' && row.kind !== 'p') {
    throw new TableMismatchError(
      `What entity ${entity.name} calls ${table} is no table. Make it a table: a projector writes its rows.`,
    );
  }
  const difference = differenceOf(dataSource, entity, row);
  if (difference === undefined) return;
  throw new TableMismatchError(
    `The ${table} is not as entity ${entity.name} says: ${difference}. Change the table by a migration, or correct the entity.`,
  );
}

function differenceOf(dataSource: DataSource, entity: EntityMetadata, row: TableRow): string | undefined {
  const said = entity.columns.filter(({ isVirtualProperty }) => !isVirtualProperty);
  for (const column of said) {
    const found = row.columns.find(({ name }) => name === column.databaseName);
    const difference = differenceOfColumn(dataSource, column, found);
    if (difference !== undefined) return difference;
  }
  return differenceOfKey(entity, row) ?? differenceOfRest(said, row);
}

function differenceOfColumn(
  dataSource: DataSource,
  column: ColumnMetadata,
  found: TableColumn | undefined,
): string | undefined {
  const name = `column "${column.databaseName}"`;
  if (!found) return `it has no ${name}`;
  const difference =
    differenceOfType(dataSource.driver.normalizeType(column), column, found) ??
    differenceOfLength(column, found) ??
    differenceOfNull(column, found);
  return difference && `${name} ${difference}`;
}

function differenceOfType(said: string, { isArray }: ColumnMetadata, found: TableColumn): string | undefined {
  if (isSameType(said, found) && isArray === found.isArray) return undefined;
  return `is ${withArray(found.type, found.isArray)}, and not ${withArray(said, isArray)}`;
}

/** TypeORM keeps the length of a text as text; an empty one is no limit. */
function differenceOfLength({ length }: ColumnMetadata, found: TableColumn): string | undefined {
  if (found.length === null || (length !== '' && Number(length) <= found.length)) return undefined;
  return `takes ${found.length} characters, and the entity allows ${length || 'any number'}`;
}

function differenceOfNull({ isNullable }: ColumnMetadata, found: TableColumn): string | undefined {
  if (isNullable === found.isNullable) return undefined;
  return isNullable ? 'is NOT NULL, and the entity allows null' : 'allows null, and the entity does not';
}

function isSameType(said: string, { type, typname }: TableColumn): boolean {
  return said === type || said === typname || (texts.has(said) && (texts.has(type) || texts.has(typname)));
}

function withArray(type: string, isArray: boolean): string {
  return isArray ? `${type}[]` : type;
}

/** `put` needs an index to find the row of a key. */
function differenceOfKey({ primaryColumns }: EntityMetadata, { keys }: TableRow): string | undefined {
  const said = primaryColumns.map(({ databaseName }) => databaseName).sort();
  if (keys.some((key) => [...key].sort().join('\0') === said.join('\0'))) return undefined;
  return `no primary key and no unique index is on exactly (${said.join(', ')}), the key of the entity`;
}

function differenceOfRest(
  said: readonly ColumnMetadata[],
  { columns, hasTriggers }: TableRow,
): string | undefined {
  const names = new Set(said.map(({ databaseName }) => databaseName));
  const unfilled = columns.find(
    ({ name, isNullable, isFilled }) => !names.has(name) && !isNullable && !isFilled,
  );
  if (!unfilled || hasTriggers) return undefined;
  return `column "${unfilled.name}" is NOT NULL without a default, and the entity does not have it, so that no row could be inserted`;
}
