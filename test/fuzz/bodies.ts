import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { Schema } from '../openapi/document';
import { fromSchema } from './from-schema';
import { strangeName, strangeText, strangeValue } from './strange';

export interface Body {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Member names and texts of their values. */
type Members = readonly (readonly [string, string])[];

/** Bodies for a schema: as it says, nearly so, and not at all. */
export function bodies(schema: Schema | undefined): fc.Arbitrary<Body | undefined> {
  const text = texts(schema);
  return fc.oneof(
    { arbitrary: text.map(plain), weight: 240 },
    { arbitrary: fc.tuple(text, fc.constantFrom(...otherTypes)).map(ofType), weight: 40 },
    { arbitrary: text.chain(compressed), weight: 20 },
    { arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => json(Buffer.from(bytes))), weight: 20 },
    { arbitrary: text.map((body) => json(Buffer.from(body, 'utf16le'))), weight: 20 },
    {
      arbitrary: fc.constant(json(Buffer.from(`{"name":"${'x'.repeat(110_000)}"}`))),
      weight: schema ? 4 : 1,
    },
    { arbitrary: fc.constant(undefined), weight: schema ? 20 : 240 },
  );
}

function texts(schema: Schema | undefined): fc.Arbitrary<string> {
  const good = goodMembers(schema);
  return fc.oneof(
    { arbitrary: good.map(objectOf), weight: 6 },
    { arbitrary: fc.tuple(good, fc.nat(), strangeValue).map(withOneReplaced).map(objectOf), weight: 6 },
    { arbitrary: fc.tuple(good, strangeName, strangeValue).map(withOneMore).map(objectOf), weight: 3 },
    { arbitrary: fc.tuple(good, fc.nat()).map(withOneTwice).map(objectOf), weight: 1 },
    { arbitrary: fc.tuple(good.map(objectOf), fc.nat(), strangeText).map(spoilt), weight: 2 },
    { arbitrary: strangeValue, weight: 1 },
  );
}

function goodMembers(schema: Schema | undefined): fc.Arbitrary<Members> {
  const properties = Object.entries((schema?.properties ?? {}) as Record<string, Schema>);
  const required = (schema?.required ?? []) as readonly string[];
  const members = properties.map(([name, property]) => {
    const member = fromSchema(property).map((value) => [name, JSON.stringify(value)] as const);
    return required.includes(name) ? member : fc.option(member, { nil: undefined });
  });
  return fc.tuple(...members).map((all) => all.filter((member) => member !== undefined));
}

function objectOf(members: Members): string {
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}

function withOneReplaced([members, at, value]: [Members, number, string]): Members {
  const place = at % Math.max(1, members.length);
  return members.map(([name, old], index) => [name, index === place ? value : old]);
}

function withOneMore([members, name, value]: [Members, string, string]): Members {
  return [...members, [name, value]];
}

function withOneTwice([members, at]: [Members, number]): Members {
  const again = members[at % Math.max(1, members.length)];
  return again ? [...members, again] : members;
}

function spoilt([text, at, piece]: [string, number, string]): string {
  const place = at % (text.length + 1);
  return `${text.slice(0, place)}${piece}${text.slice(place + (at % 3))}`;
}

const otherTypes = [
  ...[
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'json',
    '',
  ],
  ...[
    'utf-8',
    'UTF-8',
    'utf-7',
    'utf-16',
    'utf-16le',
    'utf-32',
    'latin1',
    'iso-8859-1',
    'x',
    '"utf-8"',
    '',
  ].map((charset) => `application/json; charset=${charset}`),
];

function json(bytes: Buffer, more: Readonly<Record<string, string>> = {}): Body {
  return { bytes, headers: { 'Content-Type': 'application/json', ...more } };
}

function plain(text: string): Body {
  return json(Buffer.from(text));
}

function ofType([text, type]: [string, string]): Body {
  return { bytes: Buffer.from(text), headers: { 'Content-Type': type } };
}

function compressed(text: string): fc.Arbitrary<Body> {
  const bytes = Buffer.from(text);
  const as = (encoding: string, given: Buffer) => json(given, { 'Content-Encoding': encoding });
  return fc.constantFrom(
    as('gzip', gzipSync(bytes)),
    as('deflate', deflateSync(bytes)),
    as('br', brotliCompressSync(bytes)),
    as('gzip', gzipSync('x'.repeat(300_000))),
    ...['gzip', 'deflate', 'br', 'identity', 'rot13', 'gzip, gzip', ''].map((encoding) =>
      as(encoding, bytes),
    ),
  );
}
