import fc from 'fast-check';

/** Text that has broken programs before. */
const notorious = [
  ...[
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\ud800',
    '\udc00x',
    'x\udbff',
    '\udc00\ud800',
    '\ufeff',
    '\u202e',
    '\u0085',
  ],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '__defineGetter__',
    'then',
    'toJSON',
  ],
  ...[
    '%',
    '_',
    '\\',
    '%%',
    '\\%',
    '%_\\',
    "' OR 1=1 --",
    '"; DROP TABLE users; --',
    '$1',
    '${7*7}',
    '{{7*7}}',
    '%s%n',
  ],
  ...[
    'null',
    'undefined',
    'true',
    'NaN',
    'Infinity',
    '-0',
    '0',
    '-1',
    '1e999',
    '0x10',
    '1.5',
    '9007199254740993',
  ],
  ...['9223372036854775807', '9223372036854775808', '9'.repeat(400), '-'.repeat(50), '٣', '１'],
  ...[
    '../..',
    '..\\..',
    '/etc/passwd',
    '%00',
    '%2f',
    '%252f',
    'a;b=c',
    'a?b#c',
    '*',
    '"1"',
    'W/"1"',
    '\r\nX-Evil: 1',
  ],
  ...[
    'İ',
    'ı',
    'ß',
    'Σς',
    'ﷺ',
    'e\u0301',
    '👩‍👩‍👧‍👦',
    '🦉'.repeat(200),
    'a'.repeat(1_500),
    'ada@example.org',
    '[]',
    '{}',
  ],
];

const anyCodeUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
  .map((units) => String.fromCharCode(...units));

export const strangeText = fc.oneof(
  { arbitrary: fc.constantFrom(...notorious), weight: 4 },
  { arbitrary: anyCodeUnits, weight: 2 },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 40 }), weight: 1 },
  { arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }), weight: 1 },
);

/** Numbers as they may stand in JSON, and some that may not. */
const strangeNumber = fc.oneof(
  fc.double().map(String),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }).map(String),
  fc.constantFrom(
    '1e999',
    '-1e999',
    '1e-999',
    '-0',
    '0.1e+5',
    '2147483648',
    '01',
    '+1',
    '.5',
    '1.',
    'NaN',
    '0x1f',
  ),
  fc.constant('9'.repeat(5_000)),
);

const deeplyNested = fc
  .tuple(
    fc.constantFrom(['[', ']'], ['{"a":', '}'], ['[', ''], ['{"name":', '']),
    fc.integer({ min: 1, max: 3_000 }),
  )
  .map(([[open = '', close = ''], depth]) => `${open.repeat(depth)}1${close.repeat(depth)}`);

/** The text of a value in a body; not always JSON. */
export const strangeValue = fc.oneof(
  { arbitrary: strangeText.map((text) => JSON.stringify(text)), weight: 6 },
  { arbitrary: strangeNumber, weight: 2 },
  {
    arbitrary: fc.constantFrom(
      'null',
      'true',
      'false',
      '[]',
      '{}',
      '',
      '"',
      '{"__proto__":{"isAdmin":true}}',
    ),
    weight: 2,
  },
  { arbitrary: fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)), weight: 1 },
  { arbitrary: deeplyNested, weight: 1 },
);

/** The name of a member that no request has, or that it has already. */
export const strangeName = fc.oneof(
  strangeText,
  fc.constantFrom('name', 'email', 'userId', 'reason', 'limit'),
);
