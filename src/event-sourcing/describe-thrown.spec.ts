import { describeThrown, failureInWords, messageOfThrown } from './describe-thrown';
import { EventStoreUnavailableError } from './event-store/errors';

const throws = (): never => {
  throw new Error('not even that');
};

function withGetter(name: string): Error {
  return Object.defineProperty(new Error('plain'), name, { get: throws });
}

function cyclic(): Error {
  const error = new Error('a');
  error.cause = new Error('b', { cause: error });
  return error;
}

function endless(): object {
  return new Proxy({}, { get: (_target, name) => (name === 'cause' ? endless() : undefined) });
}

const endlessPrototypes = (): object => new Proxy({}, { getPrototypeOf: () => endlessPrototypes() });

const hostile = new Proxy(new Error('hidden'), {
  get: throws,
  has: throws,
  ownKeys: throws,
  getPrototypeOf: throws,
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe('what was thrown, as text', () => {
  it.each<[string, unknown, string]>([
    ['an error', new Error('no luck'), 'no luck'],
    ['a text', 'no luck', 'no luck'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a bigint', 3n, '3'],
    ['an error without a message', new TypeError(), 'TypeError'],
    ['an object', { code: 42 }, '{ code: 42 }'],
    ['an object with a message', { message: 'plain' }, 'plain'],
    ['NUL', new Error('a\0b'), 'a\\u0000b'],
    ['a lone high surrogate', new Error('a\ud800'), 'a\\ud800'],
    ['a lone low surrogate', new Error('\udc00b'), '\\udc00b'],
    ['a pair of surrogates', new Error('😀'), '😀'],
    ['a cause', new Error('outer', { cause: new Error('inner') }), 'outer; cause: inner'],
    ['a cause that is text', new Error('outer', { cause: 'inner' }), 'outer; cause: inner'],
    ['a cycle of causes', cyclic(), 'a; cause: b'],
    ['an AggregateError', new AggregateError([new Error('x'), 'y'], 'both'), 'both; cause: x; cause: y'],
    ['a getter "name" that throws', withGetter('name'), 'plain'],
    ['a getter "stack" that throws', withGetter('stack'), 'plain'],
    ['a getter "cause" that throws', withGetter('cause'), 'plain'],
    ['a message that is no text', Object.assign(new Error(), { message: { toString: throws } }), 'Error'],
  ])('%s', (_kind, thrown, expected) => {
    expect(messageOfThrown(thrown)).toBe(expected);
  });

  it.each<[string, unknown]>([
    ['an object without a prototype', Object.create(null)],
    ['a getter "message" that throws', withGetter('message')],
    ['a toString that throws', { toString: throws, [Symbol.toPrimitive]: throws, toJSON: throws }],
    ['an inspection that throws', { [Symbol.for('nodejs.util.inspect.custom')]: throws }],
    ['a Symbol.toStringTag that throws', Object.defineProperty({}, Symbol.toStringTag, { get: throws })],
    ['a hostile Proxy', hostile],
    ['a revoked Proxy', revoked()],
    ['a Proxy with endless causes', endless()],
    ['a Proxy with endless prototypes', endlessPrototypes()],
    ['a class', class Thrown {}],
    ['a function', throws],
    [
      'an array of itself',
      (() => {
        const a: unknown[] = [];
        a.push(a);
        return a;
      })(),
    ],
  ])('%s has some text', (_kind, thrown) => {
    const { message, stack } = describeThrown(thrown);
    expect(message).not.toBe('');
    expect(`${message}${stack ?? ''}`.isWellFormed()).toBe(true);
  });

  it('is bounded, whatever the length', () => {
    const error = new Error('x'.repeat(20_000_000), { cause: new Error('y'.repeat(20_000_000)) });
    error.stack = '\ud800'.repeat(5_000_000);
    const { message, stack } = describeThrown(error);
    expect(message.length).toBeLessThan(10_000);
    expect(message).toContain('more characters');
    expect(stack?.length).toBeLessThan(200_000);
  });

  it('does not cut a pair of surrogates into halves', () => {
    const { message } = describeThrown(new Error(`x${'😀'.repeat(10_000)}`));
    expect(message.isWellFormed()).toBe(true);
  });

  it('has the stack, with those of its causes', () => {
    const { stack } = describeThrown(new Error('outer', { cause: new Error('inner') }));
    expect(stack).toMatch(/Error: outer\n.*describe-thrown\.spec.*cause: Error: inner\n/s);
  });

  it('ends with the code of an error of the kernel, and of no other', () => {
    const gone = new EventStoreUnavailableError(new Error('connect ECONNREFUSED'));
    expect(failureInWords(gone)).toMatch(
      /^The event store .*cause: connect ECONNREFUSED \[store\.unavailable\]$/,
    );
    expect(failureInWords(Object.assign(new Error('boom'), { code: 'lamp.broken' }))).toBe('boom');
  });
});
