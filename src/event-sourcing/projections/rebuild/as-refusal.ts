import { RebuildRefusedError, TableInUseError } from './errors';
import { TableMissingError } from '../../rows/errors';
import { postgresCodeOf } from '../../postgres/postgres-code';

const otherRebuild =
  'Another rebuild of one of its tables has begun, or somebody made a table of this name among the shadow tables.';

/** What to do about an error of Postgres, by its SQLSTATE: a sentence, or none where the page of the error says it. */
const refusals: Readonly<Record<string, string | undefined>> = {
  '0A000':
    'Drop what is named, or change the table so that it can be copied; create it again after the swap.',
  '42P01': undefined,
  '42501': undefined,
  '2BP01': 'Drop what depends on the table first.',
  '23505': otherRebuild,
  '42P07': otherRebuild,
  '42710': otherRebuild,
  '55P03': 'Another session has locked a table of it. Try again when that is over.',
};

/** An error in words, where the state of the tables is at fault; any other as it is. */
export function asRefusal(projection: string, error: Error): Error {
  if (error instanceof TableInUseError || error instanceof TableMissingError)
    return new RebuildRefusedError(projection, error);
  const code = postgresCodeOf(error);
  if (!(code in refusals)) return error;
  return new RebuildRefusedError(projection, error, refusals[code]);
}
