import { ColumnText } from './row-column';

/** Values of a row by the names of their columns. */
export type ColumnValues = Readonly<Record<string, ColumnText>>;

const Values = function () {} as unknown as new () => Record<string, ColumnText>;
Values.prototype = Object.create(null) as object;

/** Nothing is inherited: a column may have the name of what every object has, as `constructor` and `__proto__` are. */
export function columnValues(...of: readonly (ColumnValues | undefined)[]): Record<string, ColumnText> {
  const values = new Values();
  for (const part of of) Object.assign(values, part);
  return values;
}

export const noValues: ColumnValues = columnValues();
