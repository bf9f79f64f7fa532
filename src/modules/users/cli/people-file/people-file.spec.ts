import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { MappedColumn } from './columns';
import { decodedLines } from './decoded-lines';
import { PeopleFile, type PeopleFileOptions } from './people-file';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'annals-people-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Read {
  readonly people: readonly unknown[];
  readonly lines: readonly number[];
  readonly leftOut: readonly string[];
}

async function read(
  name: string,
  content: string | Buffer,
  options: Partial<PeopleFileOptions> = {},
): Promise<Read> {
  const path = join(folder, name);
  await writeFile(path, content);
  const leftOut: string[] = [];
  const file = await PeopleFile.open(path, {
    map: [],
    ...options,
    tellLeftOut: (columns) => leftOut.push(...columns),
  });
  await file.check();
  const people: unknown[] = [];
  const lines: number[] = [];
  for await (const { person, problem, line } of file.people()) {
    people.push(person ?? problem);
    lines.push(line);
  }
  return { people, lines, leftOut };
}

function utf16be(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}

const ada = { name: 'Ada Łovelace', email: 'ada@example.org' };
const bob = { name: 'Bøb', email: 'bob@example.org' };
const comma = 'name,email\nAda Łovelace,ada@example.org\nBøb,bob@example.org\n';
const mark = '\ufeff';

describe('a CSV file of people', () => {
  it.each<[string, string | Buffer]>([
    ['UTF-8', comma],
    ['UTF-8 with a byte order mark', mark + comma],
    ['UTF-16 LE with a byte order mark', Buffer.from(mark + comma, 'utf16le')],
    ['UTF-16 BE with a byte order mark', utf16be(mark + comma)],
    ['semicolons', comma.replaceAll(',', ';')],
    ['tabs', comma.replaceAll(',', '\t')],
    [
      'UTF-16 LE with tabs, as Excel writes Unicode text',
      Buffer.from((mark + comma).replaceAll(',', '\t'), 'utf16le'),
    ],
    ['a line that says the separator', `sep=;\r\n${comma.replaceAll(',', ';')}`],
    ['a line that says the separator, in quotes', `"sep=;"\r\n${comma.replaceAll(',', ';')}`],
    ['a note of the type', `#TYPE System.Management.Automation.PSCustomObject\r\n${comma}`],
    ['CRLF', comma.replaceAll('\n', '\r\n')],
    ['CR alone', comma.replaceAll('\n', '\r')],
    ['CRLF and LF in one file', comma.replace('\n', '\r\n')],
    ['CR and CRLF in one file', comma.replace('\n', '\r').replace('\n', '\r\n')],
    ['no end of the last line', comma.trimEnd()],
    ['blank lines and lines of separators', comma.replaceAll('\n', '\n\n,\n')],
    ['quotes around everything', comma.replaceAll(/[^,\n]+/g, '"$&"')],
    ['headers in other cases', comma.replace('name,email', ' NAME ,"E-Mail"')],
    ['columns of Excel that are empty', comma.replaceAll('\n', ',,\n')],
  ])('is read with %s', async (_what, content) => {
    expect((await read('people.csv', content)).people).toEqual([ada, bob]);
  });

  it('is read in Windows-1252 when that is said', async () => {
    const content = Buffer.from('name;email\nJ\xfcrgen \x80 \x8aime\x9a,jr;j@example.org\n', 'latin1');
    const { people } = await read('people.csv', content, { encoding: 'windows-1252' });
    expect(people).toEqual([{ name: 'Jürgen € Šimeš,jr', email: 'j@example.org' }]);
  });

  it('is read by the columns that the operator names, and tells which do not count', async () => {
    const map: MappedColumn[] = [
      { column: 'first name', member: 'name' },
      { column: 'Last Name', member: 'name' },
      { column: 'E-mail 1 - Value', member: 'email' },
    ];
    const content =
      'First Name,Last Name,Phone,E-mail 1 - Value\nAda,Lovelace,7,ada@example.org\nBob,,,bob@example.org\n';
    expect(await read('people.csv', content, { map })).toEqual({
      people: [
        { name: 'Ada Lovelace', email: 'ada@example.org' },
        { name: 'Bob', email: 'bob@example.org' },
      ],
      lines: [2, 3],
      leftOut: ['Phone'],
    });
  });

  it('gives each person the line where it begins, whatever ends the lines before', async () => {
    const content = 'name,email\r\n"Ada\r\nL",a@x\n\n\n,,\r\r"Bob\nB",b@x\r\nCid,c@x\nDan\n"E","e"\n';
    const { people, lines } = await read('people.csv', content);
    expect(lines).toEqual([2, 8, 10, 11, 12]);
    expect(people[3]).toBe('has more or fewer columns than the header');
  });

  it.each<[string, string | Buffer, RegExp]>([
    [
      'is not UTF-8',
      Buffer.from('name,email\nAda,ada@x.org\nJ\xfcrgen,j@x.org\n', 'latin1'),
      /^Line 3 is not text in UTF-8.*--encoding windows-1252/,
    ],
    [
      'has half of a surrogate pair',
      Buffer.concat([
        Buffer.from(`${mark}name,email\nA`, 'utf16le'),
        Buffer.from([0x00, 0xd8]),
        Buffer.from(',b@x\n', 'utf16le'),
      ]),
      /^Line 2 is not text in UTF-16LE/,
    ],
    ['is UTF-16 without a mark', Buffer.from(comma, 'utf16le'), /--encoding utf-16le/],
    ['is UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x41, 0, 0, 0]), /UTF-32/],
    ['is compressed', Buffer.from([0x1f, 0x8b, 8, 0]), /gunzip/],
    ['is a workbook', Buffer.from('PK\u0003\u0004'), /xlsx/],
    ['is empty', '', /^The file is empty/],
    ['is blank', '\n\r\n  \n', /^The file is empty/],
    ['has no header', 'Ada,ada@example.org\nBob,bob@example.org\n', /has no header.*name,email/],
    [
      'names other columns',
      'Vorname;Mail\nAda;ada@example.org\n',
      /no column for name and email\. It has "Vorname", "Mail".*--map "Vorname=name"/,
    ],
    [
      'has columns that no user has',
      'name,email,phone\nAda,ada@example.org,7\n',
      /no user has: "phone".*--map "phone="/,
    ],
    [
      'has a column twice',
      'name,email,E-Mail\nAda,a@x,b@x\n',
      /Two columns of the header give the email: "email", "E-Mail"/,
    ],
    [
      'is a card',
      'BEGIN:VCARD\nVERSION:4.0\nFN:Ada\nEND:VCARD\n',
      /names no column for name and email\. It has "BEGIN:VCARD"/,
    ],
    [
      'has a quote inside a field',
      'name,email\nAda,a@x\nBob "the" B,b@x\n',
      /from line 3 on.*a quote stands inside a field/,
    ],
    ['has text behind a quote', 'name,email\nAda,a@x\n"Bob" x,b@x\n', /from line 3 on/],
    [
      'has an open quote',
      'name,email\nAda,a@x\n"Bob,b@x\nCid,c@x\nDan,d@x\n',
      /record of line 3 is never closed/,
    ],
    [
      'has an open quote before another',
      'name,email\nAda,a@x\n"Bob,b@x\nCid,"c@x"\n',
      /from line 4 on \(its record begins at line 3\)/,
    ],
    ['has an endless line', `name,email\n${'x'.repeat(1_100_000)}`, /^Line 2 is longer than/],
    [
      'has an endless quote',
      `name,email\n"${`${'x'.repeat(99)}\n`.repeat(11_000)}`,
      /record of line 2 is longer than/,
    ],
  ])('is refused as a whole, with the mend, when it %s', async (_what, content, message) => {
    await expect(read('people.csv', content)).rejects.toThrow(message);
  });

  it('is refused when it has no column of a name that the operator says', async () => {
    await expect(read('people.csv', comma, { map: [{ column: 'Mail', member: 'email' }] })).rejects.toThrow(
      'The header has no column "Mail". It has "name", "email".',
    );
  });
});

describe('the lines of a stream', () => {
  it.each([1, 2, 3, 7])('are the same however it is cut into chunks: of %i bytes', async (size) => {
    const start = 'x'.repeat(600);
    const bytes = Buffer.from(`${start}\r\nb\r\n\r\rc\n\r\n`);
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    const texts: string[] = [];
    for await (const { text } of decodedLines(Readable.from(chunks), { encoding: undefined, ends: 'any' }))
      texts.push(text);
    expect(texts).toEqual([`${start}\r\n`, 'b\r\n', '\r', '\r', 'c\n', '\r\n']);
  });
});

describe('an NDJSON file of people', () => {
  const lines = [JSON.stringify(ada), '{"name":"U+2028 \u2028 and 2029 \u2029","email":"u@example.org"}'];
  const both = [ada, { name: 'U+2028 \u2028 and 2029 \u2029', email: 'u@example.org' }];

  it.each<[string, string | Buffer]>([
    ['LF', lines.join('\n')],
    ['CRLF and blank lines', `${lines.join('\r\n\r\n')}\r\n`],
    ['a byte order mark', mark + lines.join('\n')],
    ['UTF-16 LE with a byte order mark', Buffer.from(mark + lines.join('\n'), 'utf16le')],
    ['UTF-16 BE with a byte order mark', utf16be(mark + lines.join('\n'))],
  ])('is read with %s', async (_what, content) => {
    expect((await read('people.ndjson', content)).people).toEqual(both);
  });

  it.each<[string, string | Buffer, RegExp]>([
    [
      'is not UTF-8',
      Buffer.from('{"name":"A"}\n{"name":"J\xfcrgen"}\n', 'latin1'),
      /^Line 2 is not text in UTF-8/,
    ],
    ['is a list', '[{"name":"Ada"},\n{"name":"Bob"}]\n', /one JSON document/],
    ['is a list of many lines', '[\n  {"name":"Ada"}\n]\n', /one JSON document/],
    ['is one object of many lines', '{\n  "name": "Ada"\n}\n', /one JSON document/],
    ['has an endless line', `{"name":"${'x'.repeat(1_100_000)}`, /^Line 1 is longer than/],
  ])('is refused as a whole when it %s', async (_what, content, message) => {
    await expect(read('people.ndjson', content)).rejects.toThrow(message);
  });
});
