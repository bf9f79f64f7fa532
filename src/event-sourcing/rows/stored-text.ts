import { types } from 'pg';
import { ColumnText } from './row-column';
import { ColumnFacts } from './table-facts';

type Text = Exclude<ColumnText, null | undefined>;

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
const wholeNumber = /^(0|-?[1-9]\d*)$/;
const decimal = /^(-?(?:0|[1-9]\d*))(?:\.(\d+))?$/;
const day = /^\d{4}-\d\d-\d\d$/;
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const localTime = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d\.\d{3})[+-]\d\d:\d\d$/;
const bytes = /^\\x(?:[\da-f]{2})*$/;

/** The text that the table gives back for a text that it was given; undefined where only the database can tell. */
type StoredText = (text: string, column: ColumnFacts) => string | undefined;

const asItIs: StoredText = (text) => text;

function matching(pattern: RegExp): StoredText {
  return (text) => (pattern.test(text) ? text : undefined);
}

/** The length of a text in the driver's units is at least its length in characters. */
const withinLength: StoredText = (text, { typmod }) =>
  typmod < 0 || text.length <= typmod - 4 ? text : undefined;

/** Types of which each value has one text, and only one: texts that differ are values that differ. */
const withOneText: Readonly<Record<string, StoredText>> = {
  text: asItIs,
  varchar: withinLength,
  uuid: matching(uuid),
  int2: matching(wholeNumber),
  int4: matching(wholeNumber),
  int8: matching(wholeNumber),
  bool: matching(/^(true|false)$/),
  date: matching(day),
  bytea: matching(bytes),
  timestamptz: (text, column) => (keepsMilliseconds(column) && instant.test(text) ? text : undefined),
};

/** Further types whose values read back as they are given, or in a form that is plain to tell. */
const withPlainText: Readonly<Record<string, StoredText>> = {
  json: asItIs,
  jsonb: asItIs,
  float8: (text) => (String(Number(text)) === text ? text : undefined),
  numeric: storedDecimal,
  timestamp: (text, column) =>
    keepsMilliseconds(column) && localTime.test(text) ? text.replace(localTime, '$1 $2') : undefined,
};

/** Whether the value can be told from others by its text. Where it cannot, the database must say whether two are one. */
export function isToldByText(value: ColumnText, column: ColumnFacts | undefined): boolean {
  if (!column) return false;
  if (column.isEnum) return true;
  return column.isDeterministic && withOneText[column.type]?.(String(value), column) !== undefined;
}

/**
 * What the driver's reader of the column makes of a value once it is stored, before TypeORM turns it into a member; undefined
 * where only the database can tell.
 */
export function readBack(value: Text, column: ColumnFacts): unknown {
  const given = String(value);
  const stored = column.isEnum
    ? given
    : (withOneText[column.type] ?? withPlainText[column.type])?.(given, column);
  if (stored === undefined) return undefined;
  const parse = types.getTypeParser(column.oid, 'text') as (text: string) => unknown;
  const raw = parse(asPrinted(stored, column.type));
  return column.type === 'jsonb' ? inOrderOfJsonb(raw) : raw;
}

function asPrinted(text: string, type: string): string {
  if (type === 'timestamptz') return text.replace('T', ' ').replace('Z', '+00');
  return type === 'bool' ? text.slice(0, 1) : text;
}

function keepsMilliseconds({ typmod }: ColumnFacts): boolean {
  return typmod < 0 || typmod >= 3;
}

/** A scale fills up with zeros; more digits than it has are rounded, which is the database's to do. */
function storedDecimal(text: string, { typmod }: ColumnFacts): string | undefined {
  const [, whole, fraction = ''] = decimal.exec(text) ?? [];
  if (whole === undefined || /^-0[.0]*$/.test(text)) return undefined;
  return typmod < 0 ? text : inScale(whole, fraction, (typmod - 4) & 0x7ff);
}

/** A scale below zero, which rounds before the point, is written as one that is too large. */
function inScale(whole: string, fraction: string, scale: number): string | undefined {
  if (scale > 1_000 || fraction.length > scale) return undefined;
  return scale === 0 ? whole : `${whole}.${fraction.padEnd(scale, '0')}`;
}

/** jsonb keeps the members of an object in an order of its own: shorter names first, then by their bytes. */
function inOrderOfJsonb(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrderOfJsonb);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, of]) => [Buffer.from(name), name, of] as const);
  members.sort(([a], [b]) => a.length - b.length || Buffer.compare(a, b));
  return Object.fromEntries(members.map(([, name, of]) => [name, inOrderOfJsonb(of)]));
}
