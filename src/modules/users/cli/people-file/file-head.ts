import { UnreadableFileError } from './unreadable-file-error';

export const encodings = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;
export type Encoding = (typeof encodings)[number];

interface Content {
  readonly encoding: Encoding;
  /** Length of the byte order mark that the file begins with; 0 without one. */
  readonly bytesOfMark: number;
  /** The bytes behind the mark. */
  readonly chunks: AsyncIterable<Buffer>;
}

/** Enough for a byte order mark, for the signature of a format, and to see UTF-16 without a mark. */
const headBytes = 512;

const marks: readonly (readonly [mark: string, encoding: Encoding])[] = [
  ['efbbbf', 'utf-8'],
  ['fffe', 'utf-16le'],
  ['feff', 'utf-16be'],
];

/** Formats that people give the name of a text file to. */
const signatures: readonly (readonly [signature: string, sentence: string])[] = [
  ['1f8b', 'is compressed (gzip). Unpack it first: gunzip'],
  ['fd377a585a00', 'is compressed (xz). Unpack it first: unxz'],
  ['28b52ffd', 'is compressed (Zstandard). Unpack it first: unzstd'],
  ['425a68', 'is compressed (bzip2). Unpack it first: bunzip2'],
  ['504b0304', 'is a ZIP archive or a workbook (.xlsx, .ods). Unpack it, or save the sheet as "CSV UTF-8".'],
  ['d0cf11e0', 'is a workbook of Excel (.xls). Save the sheet as "CSV UTF-8".'],
  ['25504446', 'is a PDF file.'],
  ['fffe0000', 'is text in UTF-32. Save it as UTF-8.'],
  ['0000feff', 'is text in UTF-32. Save it as UTF-8.'],
];

/** Looks at the first bytes: the encoding is that of the byte order mark, else the one that is asked for, else UTF-8. */
export async function contentOf(
  source: AsyncIterable<Buffer>,
  asked: Encoding | undefined,
): Promise<Content> {
  const chunks = source[Symbol.asyncIterator]();
  const head = await headOf(chunks);
  refuseOtherFormats(head);
  const [mark, marked] = marks.find(([bytes]) => head.toString('hex', 0, bytes.length / 2) === bytes) ?? [''];
  if (marked === undefined) refuseUnmarkedUtf16(head, asked);
  else refuseOtherMark(marked, asked);
  const bytesOfMark = mark.length / 2;
  const encoding = marked ?? asked ?? 'utf-8';
  return { encoding, bytesOfMark, chunks: joined(head.subarray(bytesOfMark), chunks) };
}

async function headOf(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < headBytes) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  return head;
}

function refuseOtherFormats(head: Buffer): void {
  const start = head.toString('hex', 0, 8);
  const found = signatures.find(([signature]) => start.startsWith(signature));
  if (found) throw new UnreadableFileError(`The file ${found[1]}`);
}

function refuseOtherMark(marked: Encoding, asked: Encoding | undefined): void {
  if (asked === undefined || asked === marked) return;
  throw new UnreadableFileError(
    `The file begins with the byte order mark of ${marked.toUpperCase()}. Leave out --encoding ${asked}.`,
  );
}

/** Text has no NUL. UTF-16 has one beside each letter of ASCII. */
function refuseUnmarkedUtf16(head: Buffer, asked: Encoding | undefined): void {
  const nul = head.indexOf(0);
  if (nul < 0 || asked?.startsWith('utf-16')) return;
  const encoding = nul % 2 === 0 ? 'utf-16be' : 'utf-16le';
  throw new UnreadableFileError(
    `The file has bytes of zero, so it is no text in UTF-8. If it is UTF-16, say so: --encoding ${encoding}`,
  );
}

async function* joined(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
