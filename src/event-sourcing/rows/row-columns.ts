import type { DataSource, EntityMetadata } from 'typeorm';
import { ColumnValues } from './pending-row';
import { RowKey } from './rows';

type Column = EntityMetadata['columns'][number];

const known = new WeakMap<EntityMetadata, RowColumns>();

/** Turns entities into values by column, and back into keys. */
export class RowColumns {
  readonly table: string;
  readonly primary: readonly string[];
  private readonly columns: readonly Column[];
  private readonly isFlat: boolean;

  private constructor(
    readonly metadata: EntityMetadata,
    private readonly dataSource: DataSource,
  ) {
    this.table = metadata.tableName;
    this.primary = metadata.primaryColumns.map((column) => column.databaseName);
    this.columns = metadata.columns.filter(
      (column) => !column.isVirtual && column.generatedType === undefined,
    );
    this.isFlat = metadata.embeddeds.length === 0;
  }

  static of(metadata: EntityMetadata, dataSource: DataSource): RowColumns {
    const made = known.get(metadata) ?? new RowColumns(metadata, dataSource);
    known.set(metadata, made);
    return made;
  }

  /** The members that the entity has, as JSON holds them. @throws Error for a member that is no column. */
  values(entity: object): ColumnValues {
    const values: Record<string, unknown> = {};
    let members = 0;
    for (const column of this.columns) {
      const value = this.valueOf(entity as Record<string, unknown>, column);
      if (value === undefined) continue;
      members++;
      values[column.databaseName] = value;
    }
    if (this.isFlat && members < definedMembers(entity)) this.refuseStranger(entity);
    return values;
  }

  /** @throws Error when a primary column has no value. */
  key(key: RowKey<object>): ColumnValues {
    const isObject = typeof key === 'object' && !(key instanceof Date);
    const entity = (
      isObject ? key : { [this.metadata.primaryColumns[0]?.propertyName ?? '']: key }
    ) as Record<string, unknown>;
    const values: Record<string, unknown> = {};
    for (const column of this.metadata.primaryColumns) {
      const value = this.valueOf(entity, column);
      if (value === undefined || value === null) {
        throw new Error(
          `A row of "${this.table}" is named by ${this.primary.join(', ')}. Give each of them.`,
        );
      }
      values[column.databaseName] = value;
    }
    return values;
  }

  /** The members that name the row, for TypeORM. */
  where(key: ColumnValues): Record<string, unknown> {
    const primary = this.metadata.primaryColumns;
    return Object.fromEntries(primary.map((column) => [column.propertyName, key[column.databaseName]]));
  }

  /** Whether these are all members of a row, so that nothing of it has to be read. */
  isWhole(values: ColumnValues): boolean {
    return this.columns.every((column) => values[column.databaseName] !== undefined);
  }

  private valueOf(entity: Record<string, unknown>, column: Column): unknown {
    if (this.isFlat && column.transformer === undefined) {
      const value = entity[column.propertyName];
      if (isPlain(value, column)) return value;
    }
    return this.asJson(column.getEntityValue(entity, true), column);
  }

  private asJson(value: unknown, column: Column): unknown {
    if (value === undefined || value === null) return value;
    const isJson = column.type === 'json' || column.type === 'jsonb';
    const stored: unknown = isJson ? value : this.dataSource.driver.preparePersistentValue(value, column);
    // JSON has no word for these, and the column's type reads its own.
    if (typeof stored === 'bigint' || typeof stored === 'number') return String(stored);
    return Buffer.isBuffer(stored) ? `\\x${stored.toString('hex')}` : stored;
  }

  private refuseStranger(entity: object): never {
    const names = new Set(this.columns.map((column) => column.propertyName));
    const strangers = Object.keys(entity).filter((name) => !names.has(name));
    throw new Error(
      `${this.metadata.name} has no column for ${strangers.join(', ')}. Name the members of the entity.`,
    );
  }
}

const timestamps: readonly Column['type'][] = ['timestamptz', 'timestamp with time zone'];
const encoded: readonly Column['type'][] = ['simple-json', 'hstore'];

/** Values that the driver would leave as they are: asking it costs more than everything else about a row. */
function isPlain(value: unknown, { type }: Column): boolean {
  if (value instanceof Date) return timestamps.includes(type);
  if (typeof value === 'number' && !Number.isFinite(value)) return false;
  return (
    value === undefined ||
    value === null ||
    (['string', 'number', 'boolean'].includes(typeof value) && !encoded.includes(type))
  );
}

function definedMembers(entity: object): number {
  let count = 0;
  for (const name in entity) if ((entity as Record<string, unknown>)[name] !== undefined) count++;
  return count;
}
