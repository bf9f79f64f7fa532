import { errorText, withoutSecrets } from './without-secrets';

describe('a text for the log', () => {
  it.each([
    ['no mail to ada@example.com.', 'no mail to <e-mail>'],
    ['"ada@example.com" (ada+x@sub.example.com)', '"<e-mail>" (<e-mail>)'],
    ['email=ada@example.com&x=1', 'email=<e-mail>'],
    ['ÄDA@exämple.com;b@c', '<e-mail>;<e-mail>'],
    ['key ann_Ab-9_x was refused', 'key <key> was refused'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln is no token', '<token> is no token'],
    ['Authorization: Bearer abc.def', 'Authorization: Bearer <credentials>'],
    ['authorization: basic YTpi', 'authorization: basic <credentials>'],
    ['postgres://annals:s3cret@db:5432/annals', 'postgres://<credentials>@db:5432/annals'],
    ['invalid input syntax for type uuid: "Ada Lovelace"', 'invalid input syntax for type uuid: <value>'],
    [
      'invalid input syntax for type json: "a\nb"\n    at f (x.js:1:1)',
      'invalid input syntax for type json: <value>\n    at f (x.js:1:1)',
    ],
    ['value "123456" is out of range for type integer', 'value <value> is out of range for type integer'],
  ])('has no secret left: %j', (text, expected) => {
    expect(withoutSecrets(text)).toBe(expected);
  });

  it.each([
    'The lease of "users" (epoch 4) was taken by another process.',
    '"users" failed at position 1004 (try 1, next try in 150 ms): relation "users" does not exist',
    '    at Object.<anonymous> (/app/node_modules/@nestjs/core/router/router-proxy.js:9:23)',
    '2026-11-24T21:03:51.267Z GET /v1/users/:userId 200 in 1.2 ms',
  ])('is left alone: %s', (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });

  it('is cut when it is long, and no text takes long', () => {
    expect(withoutSecrets('x'.repeat(1_000_000))).toHaveLength(10_001);
    for (const text of ['@', 'a@', '//', 'eyJ.', ': "', 'ann_', 'Basic ', 'a', 'value "'])
      expect(withoutSecrets(text.repeat(100_000)).length).toBeLessThanOrEqual(30_000);
  });
});

describe('an error for the log', () => {
  it('is its stack, and nothing of the members that drivers add', () => {
    const error = Object.assign(new Error('duplicate key'), {
      detail: 'Key (email)=(ada@example.com) already exists.',
      parameters: ['Ada Lovelace'],
    });
    expect(errorText(error)).toBe(error.stack);
    expect(errorText(error)).not.toMatch(/Lovelace|ada@/);
  });
});
