import type { CustomTypesConfig } from 'pg';
import { InexactNumber, inexactNumberIn } from '../exact-numbers';
import { columnParsers } from './column-parsers';

const json = 114;

/** Documents in a row of an event: its data and its metadata. */
const documents = 2;

/**
 * Keeps a page of events within memory, however large they are: rows behind the limit of JSON are dropped unparsed as they
 * arrive. For one query.
 */
export class PageMeter implements CustomTypesConfig {
  private parsed = 0;
  private characters = 0;
  private end: number | undefined;

  /** @param limit Characters of JSON in a page. Its first event is kept, whatever its size. */
  constructor(private readonly limit: number) {}

  /** Whether events were dropped. */
  get isCut(): boolean {
    return this.end !== undefined;
  }

  /** How many events of this size fill a page; undefined when there were none. */
  get eventsThatFit(): number | undefined {
    if (this.parsed === 0) return undefined;
    return Math.ceil((this.limit * this.parsed) / documents / this.characters);
  }

  getTypeParser(oid: number, format?: 'text' | 'binary'): unknown {
    return oid === json ? this.parse : columnParsers.getTypeParser(oid, format);
  }

  /** The events of the page. */
  kept<Row>(rows: Row[]): Row[] {
    return this.isCut ? rows.slice(0, this.end) : rows;
  }

  private readonly parse = (text: string): unknown => {
    if (this.isCut) return undefined;
    const row = Math.floor(this.parsed++ / documents);
    this.characters += text.length;
    if (this.characters <= this.limit || row === 0) return read(text);
    this.end = row;
    return undefined;
  };
}

/** A document that would not come back as it is stored. Only its event is refused, and only where it is looked at. */
export class UnreadableDocument {
  constructor(readonly inexact: InexactNumber) {}
}

function read(text: string): unknown {
  const inexact = inexactNumberIn(text);
  return inexact ? new UnreadableDocument(inexact) : JSON.parse(text);
}
