import { Logger } from '@nestjs/common';
import type { ProjectionContext } from '../../../src/event-sourcing';
import { waitUntil } from '../../support/wait-until';
import { startTallies, TallySystem } from './tally';

const fast = { retryDelayMs: 10, maxRetryDelayMs: 20, maxBackoffMs: 20, maxAttempts: 3 };

const throws = (): never => {
  throw new Error('not even that');
};

function withGetter(name: string): Error {
  return Object.defineProperty(new Error('plain'), name, { get: throws });
}

function withStack(stack: string): Error {
  return Object.assign(new Error('plain'), { stack });
}

function cyclic(): Error {
  const error = new Error('a');
  error.cause = new AggregateError([error, new Error('b\0', { cause: error })], 'all\0');
  return error;
}

describe('the failure of an event', () => {
  let system: TallySystem;

  beforeEach(async () => {
    for (const level of ['error', 'warn', 'log'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation();
    system = await startTallies();
  });

  afterEach(async () => {
    await system.close();
    jest.restoreAllMocks();
  });

  it.each<[string, unknown]>([
    ['NUL in the message', new Error('a\0b')],
    ['NUL in the stack', withStack('a\0b')],
    ['NUL in a text', 'a\0b'],
    ['NUL in the name', Object.assign(new Error('plain'), { name: 'a\0b' })],
    ['NUL in the code', Object.assign(new Error('plain'), { code: 'a\0b' })],
    ['lone surrogates', new Error('a\ud800b\udc00')],
    ['an object without a prototype', Object.create(null)],
    ['a getter "message" that throws', withGetter('message')],
    ['a getter "stack" that throws', withGetter('stack')],
    ['a getter "name" that throws', withGetter('name')],
    ['a getter "code" that throws', withGetter('code')],
    ['a getter "cause" that throws', withGetter('cause')],
    ['a getter "driverError" that throws', withGetter('driverError')],
    ['a toString that throws', { toString: throws, [Symbol.toPrimitive]: throws }],
    [
      'a Proxy of which nothing may be asked',
      new Proxy({}, { get: throws, has: throws, getPrototypeOf: throws }),
    ],
    ['megabytes', withStack('x\0'.repeat(5_000_000))],
    ['a circle of causes', cyclic()],
    ['a symbol', Symbol('s')],
    ['undefined', undefined],
    ['null', null],
  ])('is recorded, whatever was thrown, and the others go on: %s', async (_kind, thrown) => {
    const afterRow = ({ recorded }: ProjectionContext) => {
      if (recorded.stream.id === 'bad') throw thrown;
    };
    await system.count('bad', 1);
    await system.count('good', 1);
    system.loop('one', { ...fast, meddling: { afterRow } }).start();
    expect(await system.positions.waitFor('tallies', 2n, 10_000)).toBe(true);
    expect(Object.keys(await system.tallies())).toEqual(['good']);
    await waitUntil(async () => (await system.control.parked('tallies'))[0]?.state === 'parked');
    const [parked] = await system.control.parked('tallies');
    expect(parked?.error).not.toBe('');
    expect(`${parked?.error ?? ''}${parked?.stack ?? ''}`.length).toBeLessThan(200_000);
    await system.control.discard('tallies', 1n, 'of no use');
  });

  it('is recorded by a fixed text where the database refuses the text of it', async () => {
    await system.dataSource.query(`
      CREATE FUNCTION refuse_text() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NEW.error LIKE '%unwanted%' THEN
          RAISE EXCEPTION 'no such character' USING ERRCODE = '22P05';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse_text BEFORE INSERT OR UPDATE ON annals.parked_events
        FOR EACH ROW EXECUTE FUNCTION refuse_text()`);
    const afterRow = ({ recorded }: ProjectionContext) => {
      if (recorded.stream.id === 'bad') throw new Error('unwanted');
    };
    await system.count('bad', 1);
    await system.count('good', 1);
    system.loop('one', { ...fast, meddling: { afterRow } }).start();
    expect(await system.positions.waitFor('tallies', 2n, 10_000)).toBe(true);
    await waitUntil(async () => (await system.control.parked('tallies'))[0]?.state === 'parked');
    const [parked] = await system.control.parked('tallies');
    expect(parked?.error).toContain('cannot be stored');
  });

  it('of the subscription as a whole is recorded, too', async () => {
    jest.spyOn(system.store, 'readAll').mockRejectedValue(new Error('a\0b\ud800'));
    system.loop('one', fast).start();
    await waitUntil(async () => (await system.statuses.all())[0]?.failure === 'a\\u0000b\\ud800');
    jest.mocked(system.store.readAll).mockRejectedValue(Object.create(null));
    await waitUntil(async () => (await system.statuses.all())[0]?.failure?.includes('null proto') ?? false);
  });
});
