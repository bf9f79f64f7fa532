import fc from 'fast-check';
import type { ColumnType, EntitySchemaColumnOptions } from 'typeorm';

/** A type of column with values that it may be given. */
export interface ColumnCase {
  readonly name: string;
  readonly column: EntitySchemaColumnOptions;
  /** The type as the table has it, where it is not the name of the other. */
  readonly sql: string;
  readonly values: fc.Arbitrary<unknown>;
  /** Whether the column may be the key of a table. */
  readonly isKey: boolean;
  readonly isNullable: boolean;
}

interface Options {
  readonly isNullable?: boolean;
  readonly sql?: string;
  readonly isKey?: boolean;
  readonly column?: Omit<EntitySchemaColumnOptions, 'type'>;
}

function of(type: ColumnType, values: fc.Arbitrary<unknown>, options: Options = {}): ColumnCase {
  const { sql, isKey = true, isNullable = true, column = {} } = options;
  const typeName = typeof type === 'function' ? type.name : String(type);
  const declared = sql ?? typeName;
  return {
    name: `${typeName} as ${declared}`,
    column: { type, ...column },
    sql: declared,
    values,
    isKey,
    isNullable,
  };
}

const some = (...values: readonly unknown[]): fc.Arbitrary<unknown> => fc.constantFrom(...values);
const either = (...of: readonly fc.Arbitrary<unknown>[]): fc.Arbitrary<unknown> => fc.oneof(...of);
/** No NUL, which Postgres has no text for, and no halves of characters. */
const text = fc.string({ unit: 'binary', maxLength: 12 }).map((value) => value.replaceAll('\u0000', ''));
const json = fc.jsonValue({ maxDepth: 2, stringUnit: 'grapheme' });
const small = fc.integer({ min: -32_768, max: 32_767 });
const int = fc.integer({ min: -2_147_483_648, max: 2_147_483_647 });
const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const decimals = fc
  .tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.nat(3))
  .map(([n, by]) => (n / 10 ** by).toFixed(by));
const date = either(
  fc.date({ min: new Date('1990-01-01'), max: new Date('2037-12-31'), noInvalidDate: true }),
  some(
    new Date('2026-03-29T00:59:59.999Z'),
    new Date('2026-03-29T01:30:00.001Z'),
    new Date('2026-10-25T00:30:00.010Z'),
    new Date('2026-10-25T01:30:00.010Z'),
    new Date('1985-12-31T18:29:59.000Z'),
    new Date('1850-06-01T12:00:00.250Z'),
    new Date('0044-03-15T12:00:00Z'),
    new Date('-000043-03-15T12:00:00Z'),
    new Date('+012026-01-01T00:00:00.001Z'),
  ),
);
const instant = either(
  date,
  date,
  some(
    Infinity,
    -Infinity,
    '2026-07-01T10:00:00.123456Z',
    '2026-07-01 10:00:00.5+02',
    '2026-07-01',
    '2026-07-01T10:00:00',
  ),
);
const day = either(
  some('2026-02-28', '0044-03-15', '12026-01-01', '0044-03-15 BC', 'infinity', '-infinity', '20260131'),
  date.filter((of) => of instanceof Date && of.getFullYear() > 999 && of.getFullYear() < 10_000),
);
const list = (of: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.array(fc.option(of, { freq: 6 }), { maxLength: 4 });
const uuids = either(
  fc.uuid(),
  fc.uuid().map((of) => of.toUpperCase()),
  fc.uuid().map((of) => `{${of}}`),
);
const array = { column: { array: true } } as const;
const point = fc.record({ x: small, y: small });

const numbers: readonly ColumnCase[] = [
  of(Number, int, { sql: 'integer' }),
  ...(['int', 'int4', 'integer'] as const).map((type) =>
    of(type, either(int, int.map(String), some('007', ' 5 '))),
  ),
  ...(['int2', 'smallint'] as const).map((type) => of(type, either(small, some(1.0)))),
  ...(['int8', 'bigint'] as const).map((type) =>
    of(type, either(long, long.map(String), int, some('-0', '+1', 2 ** 53))),
  ),
  of(
    'decimal',
    either(decimals, decimals.map(Number), long, some('1', '1.0', '1.00', 'NaN', NaN, '1e3', 1e21, '-0')),
  ),
  of('numeric', either(decimals, decimals.map(Number), some('1.005', 1.005, '2', 2.5, -0, '-0.00')), {
    sql: 'numeric(9,2)',
    column: { precision: 9, scale: 2 },
  }),
  ...(['real', 'float4'] as const).map((type) =>
    of(type, either(decimals, some(0.1, 1e10, NaN, Infinity, 3, -0))),
  ),
  ...(['float', 'float8', 'double precision'] as const).map((type) =>
    of(type, either(fc.double(), some('0.10', 1e21, '1e21')), { sql: 'double precision' }),
  ),
  of('money', either(decimals, some('$12.50', 12.5, '1,000.00'))),
];

const texts: readonly ColumnCase[] = [
  of(String, text, { sql: 'character varying' }),
  of('text', either(text, int, fc.boolean(), date, some('', ' ', '\\', '"', "'", '{a}'))),
  of('text', some('a', 'A', 'b', 'B', 'ä', 'Ä'), { sql: 'text COLLATE regardless_of_case' }),
  ...(['varchar', 'character varying'] as const).map((type) =>
    of(type, either(text, some('abcde', 'abcd  ', 'abcde   ', 'abcdef')), {
      sql: `${type}(5)`,
      column: { length: 5 },
    }),
  ),
  ...(['char', 'character'] as const).map((type) =>
    of(type, either(some('a', 'a  ', 'abcde', 'abcde  ', 'ä', '', 'abcdef'), text), {
      sql: `${type}(5)`,
      column: { length: 5 },
    }),
  ),
  of('citext', some('Ann@x.org', 'ann@x.org', 'ANN@X.ORG', 'bob', 'Bob', 'b')),
  of('text', some('new', 'New'), { sql: 'label', isNullable: false }),
  of('uuid', uuids),
  of('xml', some('<a/>', '<a b="1">x</a>', 'plain'), { isKey: false }),
];

const times: readonly ColumnCase[] = [
  ...(['timestamptz', 'timestamp with time zone'] as const).map((type) => of(type, instant)),
  of('timestamptz', instant, { sql: 'timestamptz(0)', column: { precision: 0 } }),
  ...(['timestamp', 'timestamp without time zone', Date] as const).map((type) =>
    of(type, instant, { sql: 'timestamp' }),
  ),
  of(Date, instant, { sql: 'timestamptz' }),
  of('timestamp', instant, { sql: 'timestamp(0)', column: { precision: 0 } }),
  of('date', day),
  ...(['time', 'time without time zone'] as const).map((type) =>
    of(type, either(date, some('10:00', '10:00:00.123456', '24:00', '1:2:3', '04:05 PM'))),
  ),
  ...(['timetz', 'time with time zone'] as const).map((type) =>
    of(type, some('10:00+01', '09:00+00', '10:00:00.123456+05:45', '11:00+01:00:30')),
  ),
  of(
    'interval',
    some('1 day', '24:00:00', '1 mon', '30 days', '1 year 2 mons -3 days 04:05:06.789', 'P1DT2H', '0'),
  ),
];

const others: readonly ColumnCase[] = [
  of(Boolean, fc.boolean(), { sql: 'boolean' }),
  ...(['bool', 'boolean'] as const).map((type) =>
    of(type, either(fc.boolean(), some('yes', 'f', 1, 0, 'true'))),
  ),
  of(
    'bytea',
    either(
      fc.uint8Array({ maxLength: 6 }).map((of) => Buffer.from(of)),
      fc.uint8Array(),
      some('\\x00ff', 'abc'),
    ),
  ),
  of('bit', some('101', '000', '1'), { sql: 'bit(3)', column: { length: 3 } }),
  ...(['varbit', 'bit varying'] as const).map((type) =>
    of(type, some('101', '', '0', '00'), { sql: 'varbit(8)' }),
  ),
  of('json', either(json, some({ b: 1, a: [null, 1e21, 'x'] }, NaN, 'null', '\u0000')), { isKey: false }),
  of('jsonb', either(json, some({ bb: 1, a: 2, '10': 3, c: { z: 1, y: 2 } }, NaN, 1.5, 'text', [], {})), {
    isKey: false,
  }),
  of('jsonb', some({ bb: 1, a: 2 }, { a: 2, bb: 1 }, { a: 2.0, bb: 1 }, [1], [1.0, 2], 'text', true, 0, -0)),
  of(
    'simple-json',
    json.filter((of) => of !== null),
    { sql: 'text' },
  ),
  of('simple-json', fc.array(json), { sql: 'jsonb' }),
  of('simple-array', either(fc.array(some('a', 'b', '')), some('a,b')), { sql: 'text' }),
  of('simple-enum', some('new', 'in use', 'gone'), {
    sql: 'state',
    column: { enum: ['new', 'in use', 'gone'] },
  }),
  of('enum', some('new', 'in use', 'gone'), { sql: 'state', column: { enum: ['new', 'in use', 'gone'] } }),
  of('enum', some(0, 1, '1'), { sql: 'grade', column: { enum: [0, 1] } }),
  of('hstore', some('"a"=>"1"', 'b=>NULL', ''), { isKey: false }),
  of('hstore', some({ a: '1', b: null, 'c"': '\\' }, {}), { isKey: false, column: { hstoreType: 'object' } }),
  of('jsonpath', some('$.a', '$[*] ? (@ > 1)'), { isKey: false }),
  of('tsvector', some("'a':1 'b':2A", 'a b a', 'the fat'), { isKey: false }),
  of('tsquery', some("'a' & 'b'", 'a|b'), { isKey: false }),
  of('inet', some('10.0.0.1', '10.0.0.1/32', '10.0.0.1/8', '::1', '::0001')),
  of('cidr', some('10.0.0.0/8', '10/8', '2001:db8::/32')),
  of('macaddr', some('08:00:2b:01:02:03', '08-00-2B-01-02-03', '08002b010203')),
  of('macaddr8', some('08:00:2b:01:02:03:04:05', '0800.2b01.0203')),
  of('ltree', some('a.b.c', 'a..b', 'a.b c')),
  of('cube', some([1, 2, 3], [1], [0.5, -1]), { isKey: false }),
  of('vector', some([1, 2.5, 3], '[1,2]'), { isKey: false }),
  of('halfvec', some([1, 2.5, 3], []), { isKey: false }),
];

const shapes: readonly ColumnCase[] = [
  of('point', either(point, some('(1,2)', '(0.1,-1e10)'))),
  of('circle', either(fc.record({ x: small, y: small, radius: fc.nat() }), some('<(1,2),3>'))),
  of('line', some('{1,2,3}', '[(0,0),(1,1)]')),
  of('lseg', some('[(0,0),(1,1)]', '(0,0),(1,1)')),
  of('box', some('(1,1),(0,0)', '(0,0),(1,1)')),
  of('path', some('[(0,0),(1,1)]', '((0,0),(1,1),(2,0))')),
  of('polygon', some('((0,0),(1,1),(2,0))')),
].map((shape) => ({ ...shape, isKey: false }));

const spans: readonly ColumnCase[] = [
  ...(['int4range', 'int8range', 'numrange'] as const).map((type) =>
    of(type, some('[1,5)', '[1,4]', 'empty', '(,5)')),
  ),
  ...(['tsrange', 'tstzrange', 'daterange'] as const).map((type) =>
    of(type, some('[2026-01-01,2026-02-01)', '(2026-01-01,)', 'empty')),
  ),
  ...(['int4multirange', 'int8multirange', 'nummultirange'] as const).map((type) =>
    of(type, some('{[1,5),[7,9)}', '{}', '{[1,3),[2,5)}')),
  ),
  ...(['tsmultirange', 'tstzmultirange', 'datemultirange'] as const).map((type) =>
    of(type, some('{[2026-01-01,2026-02-01)}', '{}')),
  ),
];

const lists: readonly ColumnCase[] = [
  of('text', either(list(text), fc.array(fc.array(some('a', 'NULL', '"'), { minLength: 2, maxLength: 2 }))), {
    sql: 'text[]',
    ...array,
  }),
  of('varchar', list(some('a', 'b ', '')), { sql: 'varchar(2)[]', ...array }),
  of(
    'int',
    either(
      list(int),
      some(
        [
          [1, 2],
          [3, 4],
        ],
        [],
        '{1,2}',
        '[2:3]={1,2}',
      ),
    ),
    { sql: 'int[]', ...array },
  ),
  of('bigint', either(list(long), list(long.map(String))), { sql: 'bigint[]', ...array }),
  of('numeric', list(either(decimals, some('1', '1.0'))), { sql: 'numeric[]', ...array }),
  of('double precision', list(fc.double()), { sql: 'double precision[]', ...array }),
  of('boolean', list(fc.boolean()), { sql: 'boolean[]', ...array }),
  of('uuid', list(uuids), { sql: 'uuid[]', ...array }),
  of('timestamptz', list(date), { sql: 'timestamptz[]', ...array }),
  of('timestamp', list(date), { sql: 'timestamp[]', ...array }),
  of('date', list(either(date, some('2026-02-28'))), { sql: 'date[]', ...array }),
  of('time', list(some('10:00', '11:00:00.5')), { sql: 'time[]', ...array }),
  of('interval', list(some('1 day', '24:00:00')), { sql: 'interval[]', ...array }),
  of('bytea', list(fc.uint8Array({ maxLength: 4 }).map((of) => Buffer.from(of))), {
    sql: 'bytea[]',
    ...array,
  }),
  of('money', list(decimals), { sql: 'money[]', ...array }),
  of('enum', list(some('new', 'in use', 'gone')), {
    sql: 'state[]',
    column: { array: true, enum: ['new', 'in use', 'gone'] },
  }),
  of('inet', list(some('10.0.0.1', '::1')), { sql: 'inet[]', ...array }),
  of('citext', list(some('a', 'A')), { sql: 'citext[]', ...array }),
  of('int4range', list(some('[1,5)', 'empty')), { sql: 'int4range[]', ...array }),
  of('point', list(some('(1,2)', '(3,4)')), { sql: 'point[]', isKey: false, ...array }),
  of('cube', some([[1, 2], [3]], []), { sql: 'cube[]', isKey: false, ...array }),
];

export const columnCases: readonly ColumnCase[] = [
  ...numbers,
  ...texts,
  ...times,
  ...others,
  ...shapes,
  ...spans,
  ...lists,
];

/** What the tables of the cases need in their database. */
export const prepareDatabase = `
  CREATE EXTENSION citext;
  CREATE EXTENSION hstore;
  CREATE EXTENSION ltree;
  CREATE EXTENSION cube;
  CREATE COLLATION regardless_of_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  CREATE TYPE state AS ENUM ('new', 'in use', 'gone');
  CREATE TYPE grade AS ENUM ('0', '1');
  CREATE DOMAIN label AS citext NOT NULL DEFAULT 'new';
  CREATE DOMAIN vector AS text;
  CREATE DOMAIN halfvec AS text;`;
