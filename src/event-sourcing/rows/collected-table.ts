import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import { ColumnValues, columnValues } from './column-values';
import { areDistinct, checkSameKey, Renaming } from './ask-about-keys';
import * as pending from './pending-row';
import { PendingRow, Place } from './pending-row';
import { readRow, rowFrom } from './read-row';
import { RowColumns } from './row-columns';
import { RowKey, Rows } from './rows';
import { isToldByText } from './stored-text';
import { knownFacts, tableFacts } from './table-facts';
import { WrittenTable } from './write-rows';

/** One change of one row, by itself. */
export interface Change {
  readonly columns: RowColumns;
  readonly row: () => PendingRow;
}

/** What a table needs of its batch, which writes the tables together: one may refer to another. */
export interface Batch {
  readonly hasChanges: boolean;
  add(change: Change): void;
  /** Rows of a table that several entities have are changed by one of them. */
  addTo(shared: RowColumns): void;
  /** Writes all that is collected. What is known of rows stays known, unless somebody else may change them next. */
  write(keepKnown: boolean): Promise<void>;
}

/** What a batch made of the rows of a table. */
export interface TableChanges extends WrittenTable {
  readonly rows: readonly PendingRow[];
  /** Whether keys that are spelled in different ways name different rows. */
  readonly areApart: boolean;
  readonly isShared: boolean;
}

export class CollectedTable<E extends ObjectLiteral> implements Rows<E> {
  /** Whether another entity of the batch has the same table, so that only the table tells what its rows are. */
  isShared: boolean;
  private rows = new Map<string, PendingRow>();
  private renamings: Renaming[] = [];
  private unchecked: ColumnValues[] = [];
  /** Whether each key so far can be told from others by its text. */
  private areTold = true;
  private table: WrittenTable | undefined;
  private hasRead = false;
  /** What is wrong with a change, if keys that are spelled in different ways name different rows. */
  private fault: Error | undefined;

  constructor(
    private readonly manager: EntityManager,
    private readonly entity: EntityTarget<E>,
    readonly columns: RowColumns,
    private readonly batch: Batch,
  ) {
    this.isShared = columns.classes !== undefined;
    const facts = knownFacts(manager, columns.table);
    this.table = facts && { columns, facts };
  }

  insert(row: Partial<E>): void {
    const given = this.columns.given(row, 'insert');
    this.become(this.columns.keyOf(row), (place) => pending.inserted(place, given));
  }

  put(row: Partial<E>): void {
    const given = this.columns.given(row, 'put');
    this.become(this.columns.keyOf(row), (place) => pending.put(place, given));
  }

  update(key: RowKey<E>, change: Partial<E>): void {
    const named = this.columns.key(key);
    const given = this.columns.given(change, 'update');
    const renaming = { key: named, given: columnValues(named, given.values) };
    if (this.columns.primary.some((name) => !pending.isSame(named[name], renaming.given[name])))
      this.renamings.push(renaming);
    this.become(named, (place) => pending.changed(place, given));
  }

  delete(key: RowKey<E>): void {
    this.become(this.columns.key(key), pending.deleted);
  }

  async get(key: RowKey<E>): Promise<E | undefined> {
    const named = this.columns.key(key);
    const table = await this.load();
    this.check(named);
    const before = this.canTell ? this.rows.get(textOf(named)) : undefined;
    if (before?.became === 'gone') return undefined;
    const row = before && rowFrom<E>(table, before);
    if (row) return row;
    if (this.mayDiffer(before)) await this.batch.write(true);
    return this.read(named, table);
  }

  async write(): Promise<void> {
    await this.batch.write(false);
  }

  /** Gives what was collected, and forgets it. */
  async take(keepKnown: boolean): Promise<TableChanges | undefined> {
    const rows = [...this.rows.values()].filter(({ became }) => became !== 'known');
    const { renamings, fault } = this;
    if (rows.length > 0 || !keepKnown) this.forget(keepKnown);
    if (rows.length === 0) return undefined;
    const table = await this.load();
    for (const renaming of renamings) await checkSameKey(this.manager, table, renaming);
    const { isShared } = this;
    const areApart = await this.areApart(table, rows);
    if (fault && areApart && !isShared) throw fault;
    return { ...table, rows, areApart, isShared };
  }

  private async areApart(table: WrittenTable, rows: readonly PendingRow[]): Promise<boolean> {
    const keys = rows.map(({ key }) => key);
    for (const key of keys) this.check(key);
    return this.areTold || areDistinct(this.manager, table, keys);
  }

  /** Somebody else may have changed the rows: what was read of them says nothing any more. */
  forgetKnown(except?: string): void {
    for (const [text, { known: _, ...row }] of this.rows) {
      if (text === except || _ === undefined) continue;
      if (row.became === 'known') this.rows.delete(text);
      else this.rows.set(text, row);
    }
  }

  private forget(keepKnown: boolean): void {
    const kept = [...this.rows].map(([text, row]) => [text, pending.afterwards(row)] as const);
    this.rows = new Map();
    this.renamings = [];
    this.fault = undefined;
    for (const [text, row] of kept) if (keepKnown && row) this.rows.set(text, row);
  }

  private become(key: ColumnValues, next: (place: Place) => PendingRow): void {
    const text = textOf(key);
    const { table, version } = this.columns;
    // Another spelling of a key that was read may be meant: then what was read says nothing any more.
    if (this.hasRead) this.check(key);
    const place = { table, version, key, before: this.rows.get(text) };
    const { row, alone } = this.next(place, next);
    if (row === place.before) return;
    if (!this.areTold) this.forgetKnown(text);
    this.rows.set(text, row);
    if (!place.before) this.unchecked.push(key);
    this.batch.add({ columns: this.columns, row: alone });
    if (this.isShared) this.batch.addTo(this.columns);
  }

  /** What becomes of the row, and the change by itself. */
  private next(place: Place, next: (place: Place) => PendingRow): { row: PendingRow; alone: Change['row'] } {
    try {
      const row = next(place);
      return { row, alone: () => (place.before ? next(pending.alone(place)) : row) };
    } catch (error) {
      this.check(place.key);
      if (this.table && this.canTell) throw error;
      this.fault ??= error as Error;
      const row = next({ ...place, before: undefined });
      return { row, alone: () => row };
    }
  }

  /** Whether what is collected tells, without the table, which row a key names. */
  private get canTell(): boolean {
    return this.areTold && !this.isShared;
  }

  /** Whether the table may give back another row once all is written. */
  private mayDiffer(before: PendingRow | undefined): boolean {
    return this.canTell ? before !== undefined && before.became !== 'known' : this.batch.hasChanges;
  }

  private async read(key: ColumnValues, table: WrittenTable): Promise<E | undefined> {
    this.hasRead = true;
    const found = await readRow(this.manager, table, { entity: this.entity, key });
    if (!found) return undefined;
    const named = this.columns.keyOf(found);
    this.rows.set(textOf(named), pending.known(named, this.columns.given(found, 'read').values));
    return found;
  }

  private check(key: ColumnValues): void {
    if (!this.table || !this.areTold) return;
    const { facts } = this.table;
    const isTold = (of: ColumnValues): boolean =>
      this.columns.primary.every((name) => isToldByText(of[name], facts.columns.get(name)));
    this.areTold = isTold(key) && this.unchecked.every(isTold);
    this.unchecked = [];
  }

  private async load(): Promise<WrittenTable> {
    const { columns } = this;
    this.table ??= { columns, facts: await tableFacts(this.manager, columns.table) };
    return this.table;
  }
}

/** NUL is in no text that Postgres takes. */
function textOf(key: ColumnValues): string {
  return Object.values(key).map(String).join('\u0000');
}
