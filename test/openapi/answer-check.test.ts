import { AnswerCheck, type Exchange } from './answer-check';
import { committedDocument } from './document';

const check = new AnswerCheck(committedDocument());
const correlation = ['x-correlation-id', 'a'] as const;
const userId = '0197c2f4-5d0e-7c3a-9b1f-2f6f3f0c9a11';
const changed = { userId, version: 2, position: '7' };

const good: Exchange = {
  method: 'PUT',
  target: `/v1/users/${userId}/name`,
  status: 200,
  headers: new Map([
    correlation,
    ['content-type', 'application/json; charset=utf-8'],
    ['etag', '"2"'],
    ['event-position', '7'],
    ['date', 'today'],
  ]),
  body: JSON.stringify(changed),
};

const problem = {
  type: 'urn:annals:problem:user-not-found',
  title: 'Not found',
  status: 404,
  detail: 'There is no such user.',
  code: 'user-not-found',
  correlationId: 'a',
};
const bad: Exchange = {
  ...good,
  status: 404,
  headers: new Map([correlation, ['content-type', 'application/problem+json; charset=utf-8']]),
  body: JSON.stringify(problem),
};

const withHeader = (exchange: Exchange, name: string, value?: string): Exchange => {
  const headers = new Map([...exchange.headers].filter(([other]) => other !== name));
  return { ...exchange, headers: value === undefined ? headers : headers.set(name, value) };
};
const withBody = (exchange: Exchange, body: object): Exchange => ({
  ...exchange,
  body: JSON.stringify(body),
});

describe('an answer as documented', () => {
  it.each([
    ['a command', good],
    ['a problem', bad],
    ['a header that is optional', withHeader(good, 'idempotency-replayed', 'true')],
    ['another case and a slash at the end', { ...good, target: `/V1/users/${userId}/NAME/?x` }],
    [
      'HEAD',
      {
        ...good,
        method: 'HEAD',
        target: '/health/live',
        body: '',
        headers: new Map([...good.headers].slice(0, 2)),
      },
    ],
    ['a path that is not there', { ...withBody(bad, { ...problem, code: 'not-found' }), target: '/nowhere' }],
  ])('has no breach: %s', (_, exchange) => expect(check.breaches(exchange)).toEqual([]));
});

describe('an answer that is not as documented is told', () => {
  it.each<[string, Exchange, RegExp]>([
    ['a status', { ...good, status: 418 }, /the status is not documented/],
    ['a status of another route', { ...good, status: 201 }, /the status is not documented/],
    [
      'a member too many',
      withBody(good, { ...changed, secret: 1 }),
      /the body {2}must NOT have additional properties.*secret/,
    ],
    ['a member too few', withBody(good, { userId, version: 2 }), /must have required property 'position'/],
    ['a member of another type', withBody(good, { ...changed, position: 7 }), /\/position must be string/],
    ['a header too many', withHeader(good, 'x-secret', '1'), /the header x-secret is not documented/],
    ['a header too few', withHeader(good, 'etag'), /the header ETag is missing/],
    [
      'a header out of shape',
      withHeader(good, 'event-position', 'x'),
      /the header Event-Position {2}must match pattern/,
    ],
    ['no correlation id', withHeader(good, 'x-correlation-id'), /X-Correlation-Id is missing/],
    ['another media type', withHeader(good, 'content-type', 'text/html'), /media type "text\/html"/],
    [
      'a problem as JSON',
      withHeader(bad, 'content-type', 'application/json'),
      /media type "application\/json"/,
    ],
    [
      'a code of another status',
      withBody(bad, { ...problem, code: 'email-taken' }),
      /\/code must be equal to one of/,
    ],
    [
      'a code that nobody knows',
      withBody(bad, { ...problem, code: 'gone-fishing' }),
      /\/code must be equal to one of/,
    ],
    [
      'another status in the body',
      withBody(bad, { ...problem, status: 400 }),
      /\/status must be equal to one of/,
    ],
    ['a stack', withBody(bad, { ...problem, stack: 'at …' }), /must NOT have additional properties/],
    ['an unknown path that is found', { ...good, target: '/nowhere' }, /the status is not documented/],
    [
      'a body for HEAD',
      { ...good, method: 'HEAD', target: '/health/live', headers: new Map([...good.headers].slice(0, 2)) },
      /there is a body/,
    ],
  ])('%s', (_, exchange, breach) => expect(check.breaches(exchange).join('\n')).toMatch(breach));
});
