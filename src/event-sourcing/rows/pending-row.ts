import { MissingRowError, RowExistsError } from './rows';

/** Values of a row by the names of their columns, as JSON holds them. */
export type ColumnValues = Readonly<Record<string, unknown>>;

/** What the events of a batch have made of one row. */
export interface PendingRow {
  /** What the table must have had before, by the first event that touched the row; `any` expects nothing. */
  readonly expects: 'absent' | 'present' | 'any';
  /** `row`: as it was given. `change`: some values, upon what is stored. `gone`: deleted. `known`: read, and not changed. */
  readonly became: 'row' | 'change' | 'gone' | 'known';
  /** It was deleted before it became a row again: nothing of the stored one stays. */
  readonly isAnew: boolean;
  readonly values: ColumnValues;
  /** The values of its primary columns. */
  readonly key: ColumnValues;
  /** The members as they were given, for who reads the row in the same batch. */
  readonly members: object;
}

/** Values and the members that they were made from. */
export interface Given {
  readonly values: ColumnValues;
  readonly members: object;
}

/** The row that a change is about, and what the batch made of it so far. */
export interface Place {
  readonly table: string;
  readonly key: ColumnValues;
  readonly before: PendingRow | undefined;
}

export function inserted({ table, key, before }: Place, given: Given): PendingRow {
  if (before && before.became !== 'gone') throw new RowExistsError(table, JSON.stringify(key));
  return { expects: before?.expects ?? 'absent', became: 'row', isAnew: before !== undefined, key, ...given };
}

export function put({ key, before }: Place, given: Given): PendingRow {
  if (!before) return { expects: 'any', became: 'row', isAnew: false, key, ...given };
  const values = { ...before.values, ...given.values };
  const members = { ...before.members, ...given.members };
  const isAnew = before.isAnew || before.became === 'gone';
  return { expects: before.expects, became: 'row', isAnew, key, values, members };
}

export function changed({ table, key, before }: Place, given: Given): PendingRow {
  if (!before) return { expects: 'present', became: 'change', isAnew: false, key, ...given };
  if (before.became === 'gone') throw new MissingRowError(table, JSON.stringify(key));
  return {
    ...before,
    became: before.became === 'change' ? 'change' : 'row',
    values: { ...before.values, ...given.values },
    members: { ...before.members, ...given.members },
  };
}

export function deleted({ table, key, before }: Place): PendingRow {
  if (before?.became === 'gone') throw new MissingRowError(table, JSON.stringify(key));
  return {
    expects: before?.expects ?? 'present',
    became: 'gone',
    isAnew: false,
    key,
    values: {},
    members: {},
  };
}

export function known({ key }: Place, given: Given): PendingRow {
  return { expects: 'present', became: 'known', isAnew: false, key, ...given };
}
