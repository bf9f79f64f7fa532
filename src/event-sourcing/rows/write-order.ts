import type { TableChanges } from './collected-table';

/**
 * Whether the changes must be written one after the other, as the events made them: where two spellings are one key, where two
 * entities have one table, and where tables refer to each other in a circle, or to themselves. An event that stands alone keeps its
 * order wherever tables refer to each other at all: it may change a row that refers to another, and then delete that.
 */
export function keepsOrder(tables: readonly TableChanges[], isOneEvent: boolean): boolean {
  if (tables.some(({ areApart, isShared }) => !areApart || isShared)) return true;
  return isOneEvent ? tables.some((table) => refersTo(table, tables)) : sorted(tables) === undefined;
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
