import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import type { MappedColumn } from './columns';
import { csvPeople } from './csv-people';
import { decodedLines } from './decoded-lines';
import type { Encoding } from './file-head';
import { ndjsonPeople } from './ndjson-people';
import type { PersonLine } from './person-line';
import { UnreadableFileError } from './unreadable-file-error';

export const formats = ['csv', 'ndjson'] as const;
export type Format = (typeof formats)[number];

export interface PeopleFileOptions {
  /** Default: by the ending of the file's name. */
  readonly format?: Format;
  /** Default: by the byte order mark, else UTF-8. */
  readonly encoding?: Encoding;
  readonly map: readonly MappedColumn[];
  readonly tellLeftOut: (columns: readonly string[]) => void;
}

const formatOf: Readonly<Record<string, Format>> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
};

/** A file of people: CSV with a header, or one JSON object a line. `-` is the standard input. */
export class PeopleFile {
  private constructor(
    private readonly path: string,
    private readonly format: Format,
    /** Size in bytes, for progress; 0 for a pipe. */
    readonly size: number,
    private readonly options: PeopleFileOptions,
  ) {}

  /** @throws when there is no such file, when it is a folder, or when its format is not known */
  static async open(path: string, options: PeopleFileOptions): Promise<PeopleFile> {
    const format = options.format ?? formatOf[extname(path).toLowerCase()];
    if (!format) {
      const mend = 'Name it after its format, or say --format csv or --format ndjson.';
      throw new UnreadableFileError(
        `${path === '-' ? 'The standard input' : path} is neither .csv nor .ndjson. ${mend}`,
      );
    }
    if (path === '-') return new PeopleFile(path, format, 0, options);
    const found = await stat(path);
    if (found.isDirectory()) throw new UnreadableFileError(`${path} is a folder. Name a file.`);
    return new PeopleFile(path, format, found.isFile() ? found.size : 0, options);
  }

  /**
   * Reads a file to its end once, so that a file that cannot be read exactly changes nothing. A pipe can be read only once:
   * what stands before its fault is imported.
   */
  async check(): Promise<void> {
    if (this.size === 0) return;
    const people = this.read(() => undefined)[Symbol.asyncIterator]();
    while (!(await people.next()).done);
  }

  people(): AsyncIterable<PersonLine> {
    return this.read(this.options.tellLeftOut);
  }

  private read(tellLeftOut: PeopleFileOptions['tellLeftOut']): AsyncIterable<PersonLine> {
    const { encoding, map } = this.options;
    const source: AsyncIterable<Buffer> = this.path === '-' ? process.stdin : createReadStream(this.path);
    const lines = decodedLines(source, { encoding, ends: this.format === 'csv' ? 'any' : 'lf' });
    return this.format === 'csv' ? csvPeople(lines, { mapped: map, tellLeftOut }) : ndjsonPeople(lines);
  }
}
