import { contentOf, type Encoding } from './file-head';
import { UnreadableFileError } from './unreadable-file-error';

export interface TextLine {
  /** Number of the line in the file, from 1. */
  readonly line: number;
  /** The text of the line with its end. */
  readonly text: string;
  /** Bytes of the file up to the end of the line. */
  readonly bytes: number;
}

/** A longer line is no person, and would have to be held in memory as a whole. */
const longestLineBytes = 1_048_576;

/** What the bytes 0x80 to 0x9f mean in Windows-1252. Some releases of Node decode them as ISO 8859-1. */
const windowsCharacters = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/**
 * The lines of a file, decoded exactly: a byte that is no text in the encoding ends the reading, with the number of the line.
 * The ends of lines are LF, CRLF and, with `ends: 'any'`, a lone CR.
 */
export async function* decodedLines(
  source: AsyncIterable<Buffer>,
  options: { readonly encoding: Encoding | undefined; readonly ends: 'lf' | 'any' },
): AsyncGenerator<TextLine> {
  const { encoding, bytesOfMark, chunks } = await contentOf(source, options.encoding);
  const decode = decoderOf(encoding);
  const splitter = new LineSplitter(encoding, options.ends);
  let bytes = bytesOfMark;
  let line = 0;
  for await (const piece of splitter.split(chunks)) {
    line++;
    if (piece === 'too long') {
      throw new UnreadableFileError(
        `Line ${line} is longer than ${longestLineBytes} bytes: this is no file of people with one person a line.`,
      );
    }
    bytes += piece.length;
    yield { line, text: decode(piece, line), bytes };
  }
}

/** Cuts bytes behind the ends of lines. A character of UTF-16 has two bytes, and so has the end of a line there. */
class LineSplitter {
  private readonly unit: 1 | 2;
  private readonly low: 0 | 1;

  constructor(
    encoding: Encoding,
    private readonly ends: 'lf' | 'any',
  ) {
    this.unit = encoding.startsWith('utf-16') ? 2 : 1;
    this.low = encoding === 'utf-16be' ? 1 : 0;
  }

  async *split(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer | 'too long'> {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of chunks) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end = this.end(rest, start); end !== undefined; end = this.end(rest, start)) {
        yield rest.subarray(start, end);
        start = end;
      }
      rest = rest.subarray(start);
      if (rest.length > longestLineBytes) yield 'too long';
    }
    if (rest.length > 0) yield rest;
  }

  /**
   * The place behind the end of the line that begins at `start`. Undefined when it is not known yet: a CR at the end of the
   * bytes may be half of a CRLF.
   */
  private end(bytes: Buffer, start: number): number | undefined {
    for (let at = start; at + this.unit <= bytes.length; at += this.unit) {
      const code = this.codeAt(bytes, at);
      if (code === 0x0a) return at + this.unit;
      if (code === 0x0d && this.ends === 'any') {
        const next = at + this.unit;
        if (next + this.unit > bytes.length) return undefined;
        return this.codeAt(bytes, next) === 0x0a ? next + this.unit : next;
      }
    }
    return undefined;
  }

  private codeAt(bytes: Buffer, at: number): number {
    const low = bytes[at + this.low] ?? 0;
    return this.unit === 1 ? low : low + 256 * (bytes[at + 1 - this.low] ?? 0);
  }
}

function decoderOf(encoding: Encoding): (bytes: Buffer, line: number) => string {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  return (bytes, line) => {
    try {
      const text = decoder.decode(bytes);
      return encoding === 'windows-1252'
        ? text.replace(/[\u0080-\u009f]/g, (c) => windowsCharacters[c.charCodeAt(0) - 0x80] ?? c)
        : text;
    } catch {
      throw new UnreadableFileError(
        `Line ${line} is not text in ${encoding.toUpperCase()}. Save the file as "CSV UTF-8", or name its encoding: ` +
          '--encoding windows-1252',
      );
    }
  };
}
