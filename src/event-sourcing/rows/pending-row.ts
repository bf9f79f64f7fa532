import { ColumnValues, columnValues, noValues } from './column-values';
import { ColumnText } from './row-column';
import { MissingRowError, RowExistsError } from './errors';

/** What the events of a batch have made of one row. */
export interface PendingRow {
  /** What the table must have had before, by the first event that touched the row; `any` expects noValues. */
  readonly expects: 'absent' | 'present' | 'any';
  /** `row`: there, with these values. `gone`: deleted. `known`: read, and not changed. */
  readonly became: 'row' | 'gone' | 'known';
  /** The row was deleted and then inserted again: no stored value of it stays. */
  readonly isAnew: boolean;
  /** What is written. */
  readonly values: ColumnValues;
  /** What is written besides if the row is new, and left as it is if it is there. */
  readonly ifNew: ColumnValues;
  /** What was read from the table, where that was done: a value that is given back as it was read is not written. */
  readonly known?: ColumnValues;
  /** The values of its primary columns. */
  readonly key: ColumnValues;
  /** How many changes of events are in it, for a column that counts them. */
  readonly changes: number;
}

export interface Given {
  readonly values: ColumnValues;
  readonly ifNew: ColumnValues;
}

/** The row that a change is about, and what the batch made of it so far. */
export interface Place {
  readonly table: string;
  /** The column that counts the changes of a row, where there is one. */
  readonly version: string | undefined;
  readonly key: ColumnValues;
  readonly before: PendingRow | undefined;
}

export function inserted({ table, key, before }: Place, { values }: Given): PendingRow {
  if (before && before.became !== 'gone') throw new RowExistsError(table, JSON.stringify(key));
  const expects = before?.expects ?? 'absent';
  return { expects, became: 'row', isAnew: before !== undefined, key, values, ifNew: noValues, changes: 1 };
}

export function put(place: Place, given: Given): PendingRow {
  const { key, before } = place;
  if (!before) return { expects: 'any', became: 'row', isAnew: false, key, ...given, changes: 1 };
  if (before.known) {
    const values = differing(given.values, columnValues(before.known, before.values));
    return Object.keys(values).length === 0 ? before : changed(place, { values, ifNew: noValues });
  }
  if (before.became !== 'gone') return changed(place, given);
  return { expects: before.expects, became: 'row', isAnew: true, key, ...given, changes: 1 };
}

export function changed({ table, version, key, before }: Place, { values }: Given): PendingRow {
  if (!before) {
    return { expects: 'present', became: 'row', isAnew: false, key, values, ifNew: noValues, changes: 1 };
  }
  if (before.became === 'gone') throw new MissingRowError(table, JSON.stringify(key));
  const next = columnValues(before.values, values);
  const counted = version === undefined ? undefined : before.values[version];
  if (version !== undefined && counted !== undefined && values[version] === undefined) {
    next[version] = Number(counted) + 1;
  }
  return { ...before, became: 'row', values: next, changes: before.changes + 1 };
}

export function deleted({ table, key, before }: Place): PendingRow {
  if (before?.became === 'gone') throw new MissingRowError(table, JSON.stringify(key));
  const expects = before?.expects ?? 'present';
  return { expects, became: 'gone', isAnew: false, key, values: noValues, ifNew: noValues, changes: 0 };
}

export function known(key: ColumnValues, values: ColumnValues): PendingRow {
  return {
    expects: 'present',
    became: 'known',
    isAnew: false,
    key,
    values: noValues,
    ifNew: noValues,
    known: values,
    changes: 0,
  };
}

/** What is known of the row once it is written. */
export function afterwards(row: PendingRow): PendingRow | undefined {
  return row.known && known(row.key, columnValues(row.known, row.values));
}

/** The same place for a change that is written by itself, after those before it. */
export function alone(place: Place): Place {
  return { ...place, before: place.before && afterwards(place.before) };
}

function differing(given: ColumnValues, before: ColumnValues): ColumnValues {
  const values = columnValues();
  for (const name in given) if (!isSame(given[name], before[name])) values[name] = given[name];
  return values;
}

/** A number and its text are sent as the same text. */
export function isSame(one: ColumnText, other: ColumnText): boolean {
  return one === other || (one !== null && other !== null && String(one) === String(other));
}
