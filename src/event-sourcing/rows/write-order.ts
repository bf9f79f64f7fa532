import type { TableChanges } from './collected-table';

/**
 * Whether the changes must be written one after the other, as the events made them: where two spellings are one key, where two
 * entities have one table, and where tables refer to each other in a circle, or to themselves. A batch that fails is halved down to
 * one event, so that keeps its order also where it may take a value or a reference from one row before it gives it to another.
 */
export function keepsOrder(tables: readonly TableChanges[], isOneEvent: boolean): boolean {
  if (tables.some(({ areApart, isShared }) => !areApart || isShared)) return true;
  if (sorted(tables) === undefined) return true;
  return isOneEvent && (tables.some(handsOn) || tables.some((table) => leaves(table, tables)));
}

/** Whether rows of the table may pass a unique value from one to another. */
function handsOn({ facts, rows }: TableChanges): boolean {
  const changed = rows.filter(({ became, expects }) => became === 'row' && expects !== 'absent');
  return facts.hasUniques && changed.length > 1;
}

/** Whether rows of the table change, and rows that they may refer to go. */
function leaves(table: TableChanges, tables: readonly TableChanges[]): boolean {
  const goes = tables.filter(({ rows }) => rows.some(({ became }) => became === 'gone'));
  return refersTo(table, goes) && table.rows.some(({ became }) => became === 'row');
}

/** Tables before those that refer to them. */
export function referencedFirst(tables: readonly TableChanges[]): readonly TableChanges[] {
  return sorted(tables) ?? tables;
}

function sorted(tables: readonly TableChanges[]): readonly TableChanges[] | undefined {
  const order: TableChanges[] = [];
  let left = tables;
  while (left.length > 0) {
    const free = left.filter((table) => !refersTo(table, left));
    if (free.length === 0) return undefined;
    order.push(...free);
    left = left.filter((table) => !free.includes(table));
  }
  return order;
}

function refersTo({ facts }: TableChanges, tables: readonly TableChanges[]): boolean {
  return tables.some(({ columns }) => facts.references.includes(columns.table));
}
