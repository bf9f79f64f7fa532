import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { parse } from 'csv-parse';

/** A line of a file of people, as it stands there. */
export interface PersonLine {
  /** Line of the file where it begins, from 1. */
  readonly line: number;
  /** Its members, by the names of the header; undefined when the line cannot be read. */
  readonly person: Readonly<Record<string, unknown>> | undefined;
  /** Why it cannot be read. */
  readonly problem?: string;
  /** Bytes of the file read so far, about. */
  readonly bytes: number;
}

export class UnknownFileFormatError extends Error {
  constructor(path: string) {
    super(`${path} is neither .csv nor .ndjson. Name it after its format.`);
    this.name = 'UnknownFileFormatError';
  }
}

/** Size in bytes, for progress. @throws when there is no such file, or it is a folder */
export async function fileSize(path: string): Promise<number> {
  const found = await stat(path);
  if (found.isDirectory()) throw new Error(`${path} is a folder. Name a file.`);
  return found.size;
}

/** Reads a CSV file with a header line, or a file with one JSON object a line, as a stream. */
export function readPeople(path: string): AsyncIterable<PersonLine> {
  switch (extname(path).toLowerCase()) {
    case '.csv':
      return readCsv(path);
    case '.ndjson':
    case '.jsonl':
      return readNdjson(path);
    default:
      throw new UnknownFileFormatError(path);
  }
}

async function* readCsv(path: string): AsyncGenerator<PersonLine> {
  const parser = createReadStream(path).pipe(
    parse({
      columns: true,
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      info: true,
    }),
  );
  for await (const row of parser as AsyncIterable<CsvRow>) {
    const { lines, bytes, error } = row.info;
    const breaks = Object.values(row.record).join('').split('\n').length - 1;
    const line = lines - breaks;
    yield error === undefined
      ? { line, bytes, person: row.record }
      : { line, bytes, person: undefined, problem: 'has more or fewer columns than the header' };
  }
}

interface CsvRow {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number; readonly bytes: number; readonly error?: Error };
}

async function* readNdjson(path: string): AsyncGenerator<PersonLine> {
  let line = 0;
  let bytes = 0;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    line++;
    bytes += Buffer.byteLength(text) + 1;
    if (text.trim() !== '') yield { line, bytes, ...parseLine(text) };
  }
}

function parseLine(text: string): Pick<PersonLine, 'person' | 'problem'> {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject
      ? { person: value as Record<string, unknown> }
      : { person: undefined, problem: 'is not a JSON object' };
  } catch {
    return { person: undefined, problem: 'is not valid JSON' };
  }
}
