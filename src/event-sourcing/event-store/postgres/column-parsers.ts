import { CustomTypesConfig, types } from 'pg';

const int8 = 20;
const timestamptz = 1184;
const parserOf = types.getTypeParser as (oid: number, format: string) => (value: string) => unknown;
const parseTimestamp = parserOf(timestamptz, 'text') as (value: string) => Date;

/** The text of a session in UTC is ISO 8601 but for two characters, and a third of the time is enough to read that. */
export function timestampOf(text: string): Date {
  return text.endsWith('+00') && text.charAt(10) === ' '
    ? new Date(`${text.slice(0, 10)}T${text.slice(11)}:00`)
    : parseTimestamp(text);
}

/** On the connections of the event store only: positions stay exact as BigInt, and timestamps are read fast. */
export const columnParsers: CustomTypesConfig = {
  getTypeParser: (oid: number, format = 'text') => {
    if (format === 'text' && oid === int8) return BigInt;
    if (format === 'text' && oid === timestamptz) return timestampOf;
    return parserOf(oid, format);
  },
};
