import { type CsvError, type InfoRecord, type Parser, parse } from 'csv-parse';
import { parse as parseAtOnce } from 'csv-parse/sync';
import { Columns, type MappedColumn } from './columns';
import type { TextLine } from './decoded-lines';
import type { PersonLine } from './person-line';
import { UnreadableFileError } from './unreadable-file-error';

const separators = [',', ';', '\t', '|'];
const lineEnds = ['\r\n', '\n', '\r'];
const largestRecord = 1_048_576;

interface Header {
  readonly columns: Columns;
  readonly separator: string;
  /** The last line of the header. */
  readonly line: number;
}

export interface CsvOptions {
  readonly mapped: readonly MappedColumn[];
  /** Told once of the columns that do not count. */
  readonly tellLeftOut: (columns: readonly string[]) => void;
}

/** A person for each record of a CSV file. The separator is the one that makes a header with the needed columns. */
export async function* csvPeople(
  lines: AsyncGenerator<TextLine>,
  { mapped, tellLeftOut }: CsvOptions,
): AsyncGenerator<PersonLine> {
  const { columns, separator, line } = await readHeader(lines, mapped);
  if (columns.leftOut.length > 0) tellLeftOut(columns.leftOut);
  const records = new Records(separator, line);
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    const { text, bytes } = next.value;
    for (const record of records.write(text)) yield personOf(record, columns, bytes);
    await records.check();
  }
  for (const record of await records.end()) yield personOf(record, columns, 0);
}

function personOf({ line, values }: CsvRecord, columns: Columns, bytes: number): PersonLine {
  const person = columns.person(values);
  return typeof person === 'string'
    ? { line, bytes, person: undefined, problem: person }
    : { line, bytes, person };
}

/** The first line that is neither blank nor a note of the program that wrote the file. */
async function readHeader(lines: AsyncIterator<TextLine>, mapped: readonly MappedColumn[]): Promise<Header> {
  let candidates: readonly string[] = separators;
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    const { line, text } = next.value;
    const said = saidSeparator(text);
    if (said !== undefined) candidates = [said];
    else if (text.trim() !== '' && !isTypeNote(text)) return { ...headerOf(text, candidates, mapped), line };
  }
  throw new UnreadableFileError('The file is empty. A CSV file begins with a header, as name,email');
}

/** Excel writes `sep=;` before the header. */
function saidSeparator(text: string): string | undefined {
  return /^"?sep=([^"\r\n])"?[\r\n]*$/i.exec(text)?.[1];
}

/** PowerShell writes `#TYPE …` before the header. */
function isTypeNote(text: string): boolean {
  return text.startsWith('#TYPE ');
}

function headerOf(
  text: string,
  candidates: readonly string[],
  mapped: readonly MappedColumn[],
): Omit<Header, 'line'> {
  const cut = candidates.map((separator) => ({ separator, cells: cellsOf(text, separator) }));
  const { separator, cells } =
    cut.find((candidate) => Columns.fit(candidate.cells, mapped)) ??
    cut.reduce((most, next) => (next.cells.length > most.cells.length ? next : most));
  return { separator, columns: Columns.of(cells, mapped) };
}

function cellsOf(header: string, separator: string): readonly string[] {
  try {
    const [cells] = parseAtOnce(header, { delimiter: separator, trim: true, record_delimiter: lineEnds });
    return cells ?? [];
  } catch {
    return [header.trim()];
  }
}

interface CsvRecord {
  readonly line: number;
  readonly values: readonly string[];
}

/** With the option `raw`, the parser gives a record beside its text. */
interface RawRecord {
  readonly record: readonly string[];
  readonly raw: string;
}

/** Cuts text into records, and knows the line of the file where each begins. */
class Records {
  private readonly parser: Parser;
  private readonly done: CsvRecord[] = [];
  private failure: CsvError | undefined;
  /** By how many lines the parser's count is behind that of the file. */
  private behind: number;
  private lastLine: number;

  constructor(separator: string, headerLine: number) {
    this.behind = headerLine;
    this.lastLine = headerLine;
    this.parser = parse({
      delimiter: separator,
      record_delimiter: lineEnds,
      trim: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      relax_column_count: true,
      max_record_size: largestRecord,
      raw: true,
      on_record: (record, info) => this.take(record as unknown as RawRecord, info),
    });
    this.parser.on('error', (error) => (this.failure ??= error as CsvError));
    this.parser.resume();
  }

  write(text: string): readonly CsvRecord[] {
    this.parser.write(text);
    return this.done.splice(0);
  }

  /** @throws UnreadableFileError behind the records that could be read. */
  async check(): Promise<void> {
    // The parser tells of its failure in the next turn.
    if (this.parser.errored) await Promise.resolve();
    if (this.failure ?? this.parser.errored)
      throw this.unreadable((this.failure ?? this.parser.errored) as CsvError);
  }

  async end(): Promise<readonly CsvRecord[]> {
    await new Promise<void>((resolve) => {
      this.parser.once('end', resolve).once('error', () => resolve());
      this.parser.end();
    });
    await this.check();
    return this.done.splice(0);
  }

  /** A CRLF inside a field counts twice with the parser, and once in the file. */
  private take({ record, raw }: RawRecord, { lines }: InfoRecord): undefined {
    // The text of a record begins with the blank lines before it.
    const body = raw.replace(/^[\r\n]+/, '').replace(/(\r\n|\n|\r)$/, '');
    const line = lines + this.behind - (body.match(/[\r\n]/g)?.length ?? 0);
    this.behind -= body.match(/\r\n/g)?.length ?? 0;
    this.lastLine = lines + this.behind;
    this.done.push({ line, values: record });
  }

  private unreadable({ code, lines }: CsvError & { readonly lines?: number }): UnreadableFileError {
    const start = this.lastLine + 1;
    if (code === 'CSV_QUOTE_NOT_CLOSED')
      return new UnreadableFileError(`The quote that opens in the record of line ${start} is never closed.`);
    if (code === 'CSV_MAX_RECORD_SIZE')
      return new UnreadableFileError(
        `The record of line ${start} is longer than ${largestRecord} bytes. Is there a quote that is never closed?`,
      );
    const line = (lines ?? start) + this.behind;
    return new UnreadableFileError(
      `The file cannot be read from line ${line} on (its record begins at line ${start}): a quote stands inside a field. ` +
        'In CSV such a field stands in quotes, and each quote in it twice: "Bob ""the"" Builder".',
    );
  }
}
