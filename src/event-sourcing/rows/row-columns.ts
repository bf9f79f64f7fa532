import type { DataSource, EntityMetadata } from 'typeorm';
import { memberNames, MemberNames, strangersIn } from './member-names';
import { ColumnValues, columnValues, noValues } from './column-values';
import { InvalidRowError } from './errors';
import { Given } from './pending-row';
import { ColumnMetadata, ColumnText, RowColumn } from './row-column';
import { RowKey } from './rows';

type Members = Readonly<Record<string, unknown>>;

/** What the members are given for: each writes another part of them. */
export type Purpose = 'insert' | 'put' | 'update' | 'read';

type Part = 'values' | 'ifNew';

const known = new WeakMap<EntityMetadata, RowColumns>();

/** Turns entities into values by column. */
export class RowColumns {
  readonly table: string;
  readonly all: readonly RowColumn[];
  readonly primary: readonly string[];
  /** The column that counts the changes of a row (`@VersionColumn`). */
  readonly version: string | undefined;
  /** The column that holds the time of the last change (`@UpdateDateColumn`). */
  readonly updated: string | undefined;
  /** The column that names the class of a row, and the values that this entity and those derived from it have there. */
  readonly classes:
    { readonly column: string; readonly own: string; readonly all: readonly string[] } | undefined;
  /** Whether a row is its columns and nothing else, so that it can be made without reading it. */
  readonly isReadable: boolean;
  private readonly keys: readonly RowColumn[];
  private readonly names: MemberNames | undefined;

  private constructor(
    readonly metadata: EntityMetadata,
    { driver }: DataSource,
  ) {
    this.table = metadata.tableName;
    this.keys = metadata.primaryColumns.map((column) => new RowColumn(column, driver));
    this.primary = this.keys.map(({ name }) => name);
    this.all = metadata.columns.filter(isWritten).map((column) => new RowColumn(column, driver));
    this.version = metadata.versionColumn?.databaseName;
    this.updated = metadata.updateDateColumn?.databaseName;
    this.classes = classesOf(metadata);
    this.isReadable = isMadeOfColumns(metadata);
    // A method after loading may add members of its own, so an unknown one is no mistake there.
    this.names = metadata.afterLoadListeners.length === 0 ? memberNames(metadata) : undefined;
  }

  static of(metadata: EntityMetadata, dataSource: DataSource): RowColumns {
    const made = known.get(metadata) ?? new RowColumns(metadata, dataSource);
    known.set(metadata, made);
    return made;
  }

  /** The members that the entity has. @throws InvalidRowError for a member that is no column. */
  given(entity: object, purpose: Purpose): Given {
    const members = entity as Members;
    if (purpose !== 'read') this.refuseStrangers(members);
    const values = columnValues();
    let ifNew = noValues;
    for (const column of this.all) {
      const text = this.textIn(members, column, purpose !== 'insert');
      const value = text === undefined ? defaultOf(column, purpose) : text;
      if (value === undefined) continue;
      const part = partOf[purpose](column.metadata, text === undefined);
      if (part === 'values') values[column.name] = value;
      else if (part) ifNew = columnValues(ifNew, { [column.name]: value });
    }
    return this.withClass({ values, ifNew }, purpose);
  }

  private withClass(given: Given, purpose: Purpose): Given {
    if (!this.classes || !isForNew(purpose)) return given;
    const named = columnValues({ [this.classes.column]: this.classes.own });
    if (purpose === 'insert') return { ...given, values: columnValues(given.values, named) };
    return { ...given, ifNew: columnValues(given.ifNew, named) };
  }

  /** The key that the row has among its members. @throws InvalidRowError when a primary column has no value. */
  keyOf(row: object): ColumnValues {
    return this.keyBy((column) => column.textIn(row as Members));
  }

  /** @throws InvalidRowError when a primary column has no value. */
  key(named: RowKey<object>): ColumnValues {
    const [only] = this.keys;
    const isRow = this.keys.length !== 1 || !only || this.isNamedBy(named, only);
    return isRow ? this.keyOf(membersOf(named)) : this.keyBy((column) => column.text(named));
  }

  private keyBy(textOf: (column: RowColumn) => ColumnText): ColumnValues {
    const values = columnValues();
    for (const column of this.keys) {
      const value = textOf(column);
      if (value === undefined || value === null) {
        throw new InvalidRowError(
          `A row of "${this.table}" is named by ${this.primary.join(', ')}. Give each of them.`,
        );
      }
      values[column.name] = value;
    }
    return values;
  }

  /** Whether the key is an object with the member that names the row, not the value of that member. */
  private isNamedBy(key: unknown, { metadata }: RowColumn): boolean {
    if (typeof key !== 'object' || key === null) return false;
    const prototype: unknown = Object.getPrototypeOf(key);
    const isRow = prototype === Object.prototype || prototype === null || this.isEntity(key);
    return isRow && metadata.propertyPath.split('.').at(0)! in key;
  }

  private isEntity(key: object): boolean {
    return typeof this.metadata.target === 'function' && key instanceof this.metadata.target;
  }

  private textIn(members: Members, column: RowColumn, isChange: boolean): ColumnText {
    const text = column.textIn(members, isChange);
    const relation = column.metadata.relationMetadata;
    if (text !== undefined || !relation || relation.embeddedMetadata) return text;
    const related = members[relation.propertyName];
    if (related === undefined) return undefined;
    if (related === null) return null;
    throw new InvalidRowError(
      `${this.metadata.name}.${relation.propertyName} is given without its key. Give the row, or the key.`,
    );
  }

  private refuseStrangers(members: Members): void {
    const strangers = this.names ? strangersIn(members, this.names) : [];
    if (strangers.length === 0) return;
    throw new InvalidRowError(
      `${this.metadata.name} has no column for ${strangers.join(', ')}. Name the members of the entity.`,
    );
  }
}

/** What the database makes itself is not written; neither is the class of a row, which the entity says. */
function isWritten(column: ColumnMetadata): boolean {
  const isJoin = column.relationMetadata !== undefined && column.referencedColumn !== undefined;
  if (column.isVirtualProperty || column.isDiscriminator) return false;
  return column.generatedType === undefined && (isJoin || !column.isVirtual);
}

function isMadeOfColumns(metadata: EntityMetadata): boolean {
  const { columns, eagerRelations, relationIds, afterLoadListeners } = metadata;
  const isPlain = columns.every((column) => isWritten(column) && !column.isVirtual && column.isSelect);
  return isPlain && [eagerRelations, relationIds, afterLoadListeners].every(({ length }) => length === 0);
}

/** The driver asks a transformer also for a member that a new row does not have. */
function defaultOf(column: RowColumn, purpose: Purpose): ColumnText {
  return isForNew(purpose) && column.metadata.transformer ? column.text(undefined) : undefined;
}

function isForNew(purpose: Purpose): boolean {
  return purpose === 'insert' || purpose === 'put';
}

/** Where a value goes that is given for a purpose. */
const partOf: Readonly<Record<Purpose, (column: ColumnMetadata, isDefault: boolean) => Part | undefined>> = {
  read: () => 'values',
  insert: ({ isInsert }) => (isInsert ? 'values' : undefined),
  update: ({ isUpdate, isPrimary }) => (isUpdate || isPrimary ? 'values' : undefined),
  put: ({ isInsert, isUpdate, isPrimary }, isDefault) => {
    if (!isInsert) return undefined;
    return isPrimary || (isUpdate && !isDefault) ? 'values' : 'ifNew';
  },
};

function classesOf(metadata: EntityMetadata): RowColumns['classes'] {
  const { discriminatorColumn, discriminatorValue, parentEntityMetadata, childEntityMetadatas } = metadata;
  if (!discriminatorColumn || discriminatorValue === undefined) return undefined;
  const derived = childEntityMetadatas.map((child) => child.discriminatorValue ?? '');
  const all = parentEntityMetadata ? [discriminatorValue, ...derived] : [];
  return { column: discriminatorColumn.databaseName, own: discriminatorValue, all };
}

function membersOf(key: unknown): Members {
  return typeof key === 'object' && key !== null ? (key as Members) : {};
}
