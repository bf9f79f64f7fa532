import type { EntityManager } from 'typeorm';
import { ColumnValues, PendingRow } from './pending-row';
import { RowColumns } from './row-columns';
import { MissingRowError } from './rows';

/** Rows in one statement, so that its parameter stays within some megabytes. */
const rowsPerStatement = 5_000;

/**
 * Writes the rows with one statement for each kind of change and set of columns: what goes before what comes, so that a unique
 * value that one row gives up is free for another. The rows travel as one JSON document, which the table's own row type reads.
 * Names are unqualified: the search path says which table is meant.
 */
export async function writeRows(
  manager: EntityManager,
  columns: RowColumns,
  rows: readonly PendingRow[],
): Promise<void> {
  const write = new RowWriter(manager, columns);
  const left = rows.filter(({ became }) => became === 'row' || became === 'change');
  const gone = rows.filter(({ became, isAnew }) => became === 'gone' || isAnew);
  const toInsert = left.filter(({ expects, isAnew }) => expects === 'absent' || isAnew);
  const others = left.filter(({ expects, isAnew }) => expects !== 'absent' && !isAnew);
  for (const part of parts(expecting('present', gone))) await write.delete(part, true);
  for (const part of parts(expecting('any', gone))) await write.delete(part, false);
  for (const part of parts(expecting('present', others))) await write.update(part);
  for (const part of parts(expecting('any', others))) await write.insert(part, true);
  for (const part of parts(toInsert)) await write.insert(part, false);
}

function expecting(expects: PendingRow['expects'], rows: readonly PendingRow[]): readonly PendingRow[] {
  return rows.filter((row) => row.expects === expects);
}

class RowWriter {
  private readonly table: string;
  private readonly primary: string;
  private readonly sameKey: string;

  constructor(
    private readonly manager: EntityManager,
    private readonly columns: RowColumns,
  ) {
    this.table = quoted(columns.table);
    this.primary = columns.primary.map(quoted).join(', ');
    this.sameKey = columns.primary.map((name) => `t.${quoted(name)} = v.${quoted(name)}`).join(' AND ');
  }

  async insert(rows: readonly PendingRow[], orUpdate: boolean): Promise<void> {
    const names = Object.keys(rows[0]?.values ?? {});
    const list = names.map(quoted).join(', ');
    const rest = names.filter((name) => !this.columns.primary.includes(name)).map(quoted);
    const update = rest.map((name) => `${name} = EXCLUDED.${name}`).join(', ');
    const onConflict = `ON CONFLICT (${this.primary}) DO ${update === '' ? 'NOTHING' : `UPDATE SET ${update}`}`;
    const sql = `INSERT INTO ${this.table} (${list}) SELECT ${list} FROM ${this.given} AS v`;
    await this.manager.query(orUpdate ? `${sql} ${onConflict}` : sql, [json(rows)]);
  }

  async update(rows: readonly PendingRow[]): Promise<void> {
    const names = Object.keys(rows[0]?.values ?? {}).filter((name) => !this.columns.primary.includes(name));
    const set = (names.length === 0 ? this.columns.primary : names)
      .map((name) => `${quoted(name)} = v.${quoted(name)}`)
      .join(', ');
    const sql = `UPDATE ${this.table} AS t SET ${set} FROM ${this.given} AS v WHERE ${this.sameKey}`;
    this.checkCount(rows, await this.manager.query<[unknown, number]>(sql, [json(rows)]));
  }

  async delete(rows: readonly PendingRow[], mustBeThere: boolean): Promise<void> {
    const sql = `DELETE FROM ${this.table} AS t USING ${this.given} AS v WHERE ${this.sameKey}`;
    const result = await this.manager.query<[unknown, number]>(sql, [json(rows)]);
    if (mustBeThere) this.checkCount(rows, result);
  }

  private get given(): string {
    return `json_populate_recordset(NULL::${this.table}, $1::json)`;
  }

  private checkCount(rows: readonly PendingRow[], [, count]: [unknown, number]): void {
    if (count === rows.length) return;
    const which =
      rows.length === 1 ? JSON.stringify(rows[0]?.key) : `${rows.length - count} of ${rows.length}`;
    throw new MissingRowError(this.columns.table, which);
  }
}

/** Rows that have the same columns can share a statement. */
function parts(rows: readonly PendingRow[]): readonly (readonly PendingRow[])[] {
  const bySet = new Map<string, PendingRow[]>();
  for (const row of rows) {
    const set = Object.keys(row.values).sort().join();
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

function json(rows: readonly PendingRow[]): string {
  return JSON.stringify(
    rows.map(({ values, key }) => (hasAll(values, key) ? values : { ...values, ...key })),
  );
}

/** Most rows name their key among their values, and need no copy. */
function hasAll(values: ColumnValues, key: ColumnValues): boolean {
  for (const name in key) if (values[name] === undefined) return false;
  return true;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
