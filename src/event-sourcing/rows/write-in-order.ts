import type { EntityManager } from 'typeorm';
import type { Change, TableChanges } from './collected-table';
import { PendingRow } from './pending-row';
import { isToldByText } from './stored-text';
import { columnsOf, deleteRows, storeRows, WrittenTable } from './write-rows';

interface Run {
  readonly table: WrittenTable;
  readonly kind: string;
  readonly rows: PendingRow[];
  readonly keys: Set<string>;
  readonly isOpen: boolean;
}

/** Writes the changes in their order. Neighbours of one kind share a statement where their order among each other is nothing to see. */
export async function writeInOrder(
  manager: EntityManager,
  changes: readonly Change[],
  tables: readonly TableChanges[],
): Promise<void> {
  for (const { table, rows } of runs(changes, tables)) {
    await deleteRows(manager, table, rows);
    await storeRows(manager, table, rows);
  }
}

function runs(changes: readonly Change[], tables: readonly TableChanges[]): readonly Run[] {
  const all: Run[] = [];
  for (const { columns, row: rowOf } of changes) {
    const row = rowOf();
    const table = tables.find((of) => of.columns === columns);
    if (!table) continue;
    const next = { table, kind: kindOf(row), isOpen: canShare(table, row) };
    const run = all.at(-1);
    const key = JSON.stringify(Object.values(row.key).map(String));
    if (run && goesOn(run, next) && !run.keys.has(key)) {
      run.rows.push(row);
      run.keys.add(key);
    } else all.push({ ...next, rows: [row], keys: new Set([key]) });
  }
  return all;
}

function goesOn(run: Run, next: Pick<Run, 'table' | 'kind' | 'isOpen'>): boolean {
  return run.isOpen && next.isOpen && run.table === next.table && run.kind === next.kind;
}

function kindOf(row: PendingRow): string {
  return JSON.stringify([row.expects, row.became, columnsOf(row)]);
}

/** A statement checks each row against the others at once: one that gives up a unique value must come in a statement before. */
function canShare({ columns, facts }: WrittenTable, { key, expects }: PendingRow): boolean {
  const isTold = columns.primary.every((name) => isToldByText(key[name], facts.columns.get(name)));
  return isTold && (expects === 'absent' || !facts.hasUniques);
}
