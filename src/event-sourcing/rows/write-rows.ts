import type { EntityManager } from 'typeorm';
import { quoted } from '../postgres/identifiers';
import { ColumnValues, columnValues } from './column-values';
import { MissingRowError, RowExistsError, TableMissingError } from './errors';
import { PendingRow } from './pending-row';
import { RowColumns } from './row-columns';
import { ColumnFacts, TableFacts } from './table-facts';

/** Rows in one statement, so that its parameter stays within some megabytes. */
const rowsPerStatement = 5_000;

/** The table that rows are written to: as the entity knows it, and as the database has it. */
export interface WrittenTable {
  readonly columns: RowColumns;
  readonly facts: TableFacts;
}

/** Deletes run before inserts, so that another row can take a unique value that a deleted row gave up. */
export async function deleteRows(
  manager: EntityManager,
  table: WrittenTable,
  rows: readonly PendingRow[],
): Promise<void> {
  const write = new RowWriter(manager, table);
  const gone = rows.filter(({ became, isAnew }) => became === 'gone' || isAnew);
  for (const part of parts(expecting('present', gone), true)) await write.delete(part, true);
  for (const part of parts(expecting('any', gone), true)) await write.delete(part, false);
  // What was inserted and deleted leaves nothing to write, and must not have been there.
  const passing = expecting('absent', gone).filter(({ became }) => became === 'gone');
  for (const part of parts(passing, true)) await write.refusePresent(part);
}

/** Writes the rows that are there afterwards with one statement for each kind of change and set of columns. */
export async function storeRows(
  manager: EntityManager,
  table: WrittenTable,
  rows: readonly PendingRow[],
): Promise<void> {
  const write = new RowWriter(manager, table);
  const left = rows.filter(({ became }) => became === 'row');
  const toInsert = left.filter(({ expects, isAnew }) => expects === 'absent' || isAnew);
  const others = left.filter(({ expects, isAnew }) => expects !== 'absent' && !isAnew);
  for (const part of parts(expecting('present', others))) await write.update(part);
  for (const part of parts(expecting('any', others))) await write.insert(part, true);
  for (const part of parts(toInsert)) await write.insert(part, false);
}

function expecting(expects: PendingRow['expects'], rows: readonly PendingRow[]): readonly PendingRow[] {
  return rows.filter((row) => row.expects === expects);
}

/**
 * The rows travel as one JSON document, whose texts the types of the columns read as they read a parameter of the driver. Names
 * of tables are unqualified: the search path says which table is meant.
 */
class RowWriter {
  private readonly table: string;
  private readonly primary: string;
  private readonly sameKey: string;

  constructor(
    private readonly manager: EntityManager,
    private readonly of: WrittenTable,
  ) {
    const { columns } = of;
    this.table = quoted(columns.table);
    this.primary = columns.primary.map(quoted).join(', ');
    this.sameKey = [
      ...columns.primary.map((name) => `t.${quoted(name)} = ${this.value(name)}`),
      ...this.ofItsClass(),
    ].join(' AND ');
  }

  async insert(rows: readonly PendingRow[], orUpdate: boolean): Promise<void> {
    const [{ values, ifNew } = { values: columnValues(), ifNew: columnValues() }] = rows;
    const names = [...new Set([...Object.keys(values), ...Object.keys(ifNew), ...this.counted(values)])];
    const list = names.map(quoted).join(', ');
    const update = this.changes(values, 'EXCLUDED').join(', ');
    const onConflict = ` ON CONFLICT (${this.primary}) DO ${update === '' ? 'NOTHING' : `UPDATE SET ${update}`}`;
    await this.manager.query(
      `INSERT INTO ${this.table} AS t (${list}) SELECT ${names.map((name) => this.value(name)).join(', ')}
       FROM ${this.given(names)}${orUpdate ? onConflict : ''}`,
      [this.json(rows)],
    );
  }

  async update(rows: readonly PendingRow[]): Promise<void> {
    const { values } = rows[0] ?? { values: columnValues() };
    const changes = this.changes(values, 'v');
    const names = [...new Set([...this.of.columns.primary, ...Object.keys(values), ...this.counted(values)])];
    const [first = ''] = this.of.columns.primary.map(quoted);
    const set = changes.length === 0 ? `${first} = t.${first}` : changes.join(', ');
    const sql = `UPDATE ${this.table} AS t SET ${set} FROM ${this.given(names)} WHERE ${this.sameKey}`;
    this.checkCount(rows, await this.manager.query<[unknown, number]>(sql, this.parameters(this.json(rows))));
  }

  async delete(rows: readonly PendingRow[], mustBeThere: boolean): Promise<void> {
    const sql = `DELETE FROM ${this.table} AS t USING ${this.given(this.of.columns.primary)} WHERE ${this.sameKey}`;
    const keys = JSON.stringify(rows.map(({ key }) => key));
    const result = await this.manager.query<[unknown, number]>(sql, this.parameters(keys));
    if (mustBeThere) this.checkCount(rows, result);
  }

  async refusePresent(rows: readonly PendingRow[]): Promise<void> {
    const { primary, table } = this.of.columns;
    const sql = `SELECT ${primary.map((name) => `t.${quoted(name)}`).join(', ')} FROM ${this.table} AS t, ${this.given(primary)}
       WHERE ${this.sameKey} LIMIT 1`;
    const keys = JSON.stringify(rows.map(({ key }) => key));
    const [present] = await this.manager.query<object[]>(sql, this.parameters(keys));
    if (present) throw new RowExistsError(table, JSON.stringify(present));
  }

  private given(names: readonly string[]): string {
    return givenRows(this.of, names);
  }

  /** What a change sets in a row that is there. The driver counts changes, and notes their time, where they are not given. */
  private changes(values: ColumnValues, from: 'EXCLUDED' | 'v'): string[] {
    const { primary, updated } = this.of.columns;
    const names = Object.keys(values).filter((name) => !primary.includes(name));
    const set = names.map(
      (name) => `${quoted(name)} = ${from === 'v' ? this.value(name) : `EXCLUDED.${quoted(name)}`}`,
    );
    for (const name of this.counted(values))
      set.push(`${quoted(name)} = t.${quoted(name)} + ${from}.${quoted(name)}`);
    if (updated !== undefined && values[updated] === undefined)
      set.push(`${quoted(updated)} = CURRENT_TIMESTAMP`);
    return set;
  }

  private value(name: string): string {
    return givenValue(this.of, name);
  }

  private counted(values: ColumnValues): string[] {
    const { version } = this.of.columns;
    return version !== undefined && values[version] === undefined ? [version] : [];
  }

  private ofItsClass(): string[] {
    const { classes } = this.of.columns;
    if (!classes || classes.all.length === 0) return [];
    return [`t.${quoted(classes.column)}::text = ANY ($2::text[])`];
  }

  private parameters(json: string): unknown[] {
    const { classes } = this.of.columns;
    return classes && classes.all.length > 0 ? [json, classes.all] : [json];
  }

  private json(rows: readonly PendingRow[]): string {
    const { version } = this.of.columns;
    return JSON.stringify(rows.map((row) => (isPlain(row, version) ? row.values : wholeOf(row, version))));
  }

  private checkCount(rows: readonly PendingRow[], [, count]: [unknown, number]): void {
    if (count === rows.length) return;
    const which =
      rows.length === 1 ? JSON.stringify(rows[0]?.key) : `${rows.length - count} of ${rows.length}`;
    throw new MissingRowError(this.of.columns.table, which);
  }
}

/** The rows of the parameter as a table `v` with these columns. Texts of JSON are no JSON texts, so they come as texts. */
export function givenRows(table: WrittenTable, names: readonly string[], parameter = '$1'): string {
  const list = names.map((name) => {
    const { json, declared } = factsOf(table, name);
    return `${quoted(name)} ${json ? 'text' : declared}`;
  });
  return `json_to_recordset(${parameter}::json) AS v (${list.join(', ')})`;
}

/** The value of a column in `v`. */
export function givenValue(table: WrittenTable, name: string): string {
  const { json } = factsOf(table, name);
  return json ? `v.${quoted(name)}::${json}` : `v.${quoted(name)}`;
}

function factsOf({ columns, facts }: WrittenTable, name: string): ColumnFacts {
  const found = facts.columns.get(name);
  if (found) return found;
  throw new TableMissingError(`no column "${name}" in table "${columns.table}"`, columns.metadata.name);
}

/** Rows that have the same columns can share a statement. */
function parts(rows: readonly PendingRow[], byKey = false): readonly (readonly PendingRow[])[] {
  const bySet = new Map<string, PendingRow[]>();
  for (const row of rows) {
    const set = byKey ? '' : columnsOf(row);
    const same = bySet.get(set);
    if (same) same.push(row);
    else bySet.set(set, [row]);
  }
  return [...bySet.values()].flatMap((same) =>
    Array.from({ length: Math.ceil(same.length / rowsPerStatement) }, (_, index) =>
      same.slice(index * rowsPerStatement, (index + 1) * rowsPerStatement),
    ),
  );
}

/** The columns that a statement for the row names. */
export function columnsOf({ values, ifNew }: PendingRow): string {
  return `${Object.keys(values).sort().join('\u0000')}\u0001${Object.keys(ifNew).sort().join('\u0000')}`;
}

function wholeOf({ values, ifNew, key, changes }: PendingRow, version: string | undefined): ColumnValues {
  const whole = columnValues(ifNew, key, values);
  if (version !== undefined && values[version] === undefined) whole[version] = changes;
  return whole;
}

/** Most rows name their key among their values, and need no copy. */
function isPlain({ values, ifNew, key }: PendingRow, version: string | undefined): boolean {
  if (version !== undefined) return false;
  for (const name in key) if (values[name] === undefined) return false;
  for (const _ in ifNew) return false;
  return true;
}
