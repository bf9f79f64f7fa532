import fc from 'fast-check';
import { type Document, type Operation, type Parameter, resolve, type Schema } from '../openapi/document';
import { bodies, type Body } from './bodies';
import { fromSchema } from './from-schema';
import { strangeName, strangeText } from './strange';

export interface FuzzRequest {
  readonly method: string;
  /** Path and query, in ASCII. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Body;
}

/** Values that exist, by the name of a path parameter. */
export type Known = Readonly<Record<string, readonly string[]>>;

/** Requests to every operation of the document, and some to none. */
export function requests(document: Document, known: Known): fc.Arbitrary<FuzzRequest> {
  const routed = Object.entries(document.paths).flatMap(([template, operations]) =>
    Object.entries(operations).map(([method, operation]) =>
      requestsTo(document, { method: method.toUpperCase(), template, operation, known }),
    ),
  );
  return fc.oneof(
    { arbitrary: fc.oneof(...routed), weight: 20 },
    { arbitrary: elsewhere(document), weight: 1 },
  );
}

interface Route {
  readonly method: string;
  readonly template: string;
  readonly operation: Operation;
  readonly known: Known;
}

function requestsTo(
  document: Document,
  { method, template, operation, known }: Route,
): fc.Arbitrary<FuzzRequest> {
  const parameters = operation.parameters.map((parameter) => resolve<Parameter>(document, parameter));
  const of = (place: Parameter['in']) => parameters.filter((parameter) => parameter.in === place);
  const given = operation.requestBody?.content['application/json'].schema;
  return fc.record({
    method: method === 'GET' ? fc.constantFrom('GET', 'GET', 'GET', 'HEAD') : fc.constant(method),
    target: fc.tuple(paths(template, of('path'), known), queries(of('query'))).map((parts) => parts.join('')),
    headers: headers(of('header')),
    body: bodies(given && resolve<Schema>(document, given)),
  });
}

function paths(template: string, parameters: readonly Parameter[], known: Known): fc.Arbitrary<string> {
  const values = parameters.map(({ name, schema }) =>
    fc.oneof(
      { arbitrary: fromSchema(schema, known[name]).map(encode), weight: 6 },
      { arbitrary: fromSchema(schema).map(encode), weight: 1 },
      { arbitrary: strangeText.map(encode), weight: 2 },
      {
        arbitrary: fc.constantFrom('%', '%zz', '%ff', '%00', '%2e%2e', '.', '..', '', ';', '%ed%a0%80'),
        weight: 1,
      },
    ),
  );
  return fc
    .tuple(...values)
    .map((all) =>
      all.reduce((path, value, index) => path.replace(`{${parameters[index]?.name}}`, () => value), template),
    );
}

function queries(parameters: readonly Parameter[]): fc.Arbitrary<string> {
  const one = ({ name, schema }: Parameter) =>
    fc.oneof(
      { arbitrary: fromSchema(schema).map((value) => `${name}=${encode(value)}`), weight: 4 },
      { arbitrary: strangeText.map((value) => `${name}=${encode(value)}`), weight: 2 },
      {
        arbitrary: fc.constantFrom('', '[]=1', '[a]=1', '[__proto__]=1', '.a=1').map((end) => name + end),
        weight: 1,
      },
    );
  const unknown = fc
    .tuple(strangeName, strangeText)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`);
  const raw = fc.constantFrom(
    '&',
    '&&=&',
    '%',
    '__proto__[x]=1',
    'constructor[prototype][x]=1',
    '?',
    '=',
    'a=%zz',
  );
  const known = fc.tuple(
    ...parameters.map((parameter) => fc.option(one(parameter), { nil: undefined, freq: 1 })),
  );
  const rare = fc.oneof(
    { arbitrary: fc.constant<string[]>([]), weight: 8 },
    {
      arbitrary: fc.array(fc.oneof(unknown, raw, ...parameters.map(one)), { minLength: 1, maxLength: 3 }),
      weight: 1,
    },
  );
  return fc.tuple(known, rare).map((parts) => {
    const all = parts.flat().filter((part) => part !== undefined);
    return all.length === 0 ? '' : `?${all.join('&')}`;
  });
}

/** Seldom: most headers would end most requests before they are done. */
function headers(parameters: readonly Parameter[]): fc.Arbitrary<Record<string, string>> {
  const own = parameters.map(({ name, schema }) => {
    const value = fc.oneof(
      { arbitrary: fromSchema(schema), weight: 2 },
      { arbitrary: fc.constantFrom('"1"', '"2"', '*', 'W/"1"', '1', '0', '99999999999'), weight: 2 },
      { arbitrary: strangeText, weight: 1 },
    );
    return fc.option(
      value.map((text) => [name, headerText(text)] as const),
      { nil: undefined, freq: 1 },
    );
  });
  const others = fc.oneof(
    { arbitrary: fc.constant([]), weight: 8 },
    { arbitrary: fc.array(fc.constantFrom(...otherHeaders), { maxLength: 3 }), weight: 1 },
  );
  return fc.tuple(fc.tuple(...own), others).map(([named, more]) => ({
    ...Object.fromEntries([...named.filter((header) => header !== undefined), ...more]),
    // Nobody waits for a position that never comes.
    Prefer: 'wait=0',
  }));
}

const otherHeaders = [
  ['If-None-Match', '*'],
  ['If-Modified-Since', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ['Cache-Control', 'no-cache'],
  ['Accept', 'text/html'],
  ['Accept-Encoding', 'br, gzip'],
  ['Range', 'bytes=0-1'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['X-Forwarded-For', '127.0.0.1'],
  ['Content-Language', 'tlh'],
  ['Origin', 'http://evil.example'],
] as const;

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH'];

function elsewhere(document: Document): fc.Arbitrary<FuzzRequest> {
  const known = Object.keys(document.paths).map((path) => path.replaceAll(/\{\w+\}/g, 'x'));
  const odd = [
    '/',
    '//',
    '/v1',
    '/v2/users',
    '/v1//users',
    '//v1/users',
    '/V1/USERS',
    '/v1/users/',
    '/%76%31/users',
    '/*',
  ];
  const path = fc.oneof(
    fc.constantFrom(...known, ...odd),
    fc.array(strangeText.map(encode), { maxLength: 4 }).map((steps) => `/${steps.join('/')}`),
  );
  return fc.record({
    method: fc.constantFrom(...methods),
    target: path,
    headers: headers([]),
    body: bodies(undefined),
  });
}

/** Percent-encodes what cannot stand in a request line; lone surrogates become the bytes that UTF-8 forbids. */
function encode(text: string): string {
  return Array.from(text, (character) => {
    if (/[A-Za-z0-9._~@*!$'(),:-]/.test(character)) return character;
    const bytes = character.isWellFormed() ? Buffer.from(character) : surrogateBytes(character.charCodeAt(0));
    return Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  }).join('');
}

function surrogateBytes(unit: number): Uint8Array {
  return Uint8Array.of(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
}

/** What HTTP lets stand in the value of a header. */
function headerText(text: string): string {
  return text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?');
}
