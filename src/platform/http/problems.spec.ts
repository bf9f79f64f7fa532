import {
  BadRequestException,
  Logger,
  Module,
  NotFoundException,
  PayloadTooLargeException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { QueryRunnerProviderAlreadyReleasedError } from 'typeorm';
import {
  AggregateAlreadyExistsError,
  AggregateNotFoundError,
  EventStoreClosedError,
  EventStoreOverloadedError,
  EventStoreUnavailableError,
  InvalidAppendError,
  VersionPreconditionError,
  WrongExpectedVersionError,
} from '../../event-sourcing';
import { DomainError, DomainErrorKind } from '../../event-sourcing/domain';
import { ReadModelBehindError, ValidationFailedError } from './problem';
import { answersOf, Problems } from './problems';
import { ProblemsModule } from './problems.module';

class LampError extends DomainError {
  readonly code = 'lamp.is-broken';

  constructor(override readonly kind: DomainErrorKind) {
    super('The lamp is broken.');
  }
}

const stream = { type: 'Lamp', id: 'l-1' };
const withStatus = (status: number) => Object.assign(new Error('Refused by the parser.'), { status });
const withCode = (code: string) => Object.assign(new Error('Not reached.'), { code });

const known: readonly (readonly [error: Error, status: number, code: string])[] = [
  [ValidationFailedError.at('#/name', 'is missing'), 400, 'validation-failed'],
  [new LampError('rule'), 422, 'lamp-is-broken'],
  [new LampError('conflict'), 409, 'lamp-is-broken'],
  [new LampError('invalid'), 400, 'validation-failed'],
  [new AggregateNotFoundError('User', 'u-1'), 404, 'user-not-found'],
  [new AggregateNotFoundError('StreetLamp2Go', 'l-1'), 404, 'street-lamp2-go-not-found'],
  [new AggregateAlreadyExistsError('User', 'u-1'), 409, 'user-already-exists'],
  [new VersionPreconditionError('User', 'u-1', 3), 412, 'precondition-failed'],
  [new WrongExpectedVersionError(stream, 1, 2), 409, 'version-conflict'],
  [new InvalidAppendError('The event is too large.'), 400, 'validation-failed'],
  [new ReadModelBehindError('users', 7n), 503, 'read-model-behind'],
  [new EventStoreUnavailableError(), 503, 'unavailable'],
  [new EventStoreOverloadedError(100), 503, 'unavailable'],
  [new EventStoreClosedError(), 503, 'unavailable'],
  [withCode('ECONNREFUSED'), 503, 'unavailable'],
  [withCode('57P01'), 503, 'unavailable'],
  [withCode('08006'), 503, 'unavailable'],
  [withCode('25006'), 503, 'unavailable'],
  [withCode('40001'), 503, 'unavailable'],
  [withCode('53100'), 503, 'unavailable'],
  [withCode('XX001'), 503, 'unavailable'],
  [new QueryRunnerProviderAlreadyReleasedError(), 503, 'unavailable'],
  [new Error('The read failed.', { cause: withCode('57P01') }), 503, 'unavailable'],
  [new BadRequestException('The id is no UUID.', { cause: withCode('57P01') }), 400, 'validation-failed'],
  [new BadRequestException('The id is no UUID.'), 400, 'validation-failed'],
  [new NotFoundException('Cannot GET /nothing'), 404, 'not-found'],
  [new PayloadTooLargeException(), 413, 'payload-too-large'],
  [new UnsupportedMediaTypeException(), 415, 'unsupported-media-type'],
  [withStatus(400), 400, 'validation-failed'],
  [withStatus(404), 404, 'not-found'],
  [withStatus(413), 413, 'payload-too-large'],
  [withStatus(415), 415, 'unsupported-media-type'],
];

const unforeseen: readonly (readonly [what: string, error: unknown])[] = [
  ['a mistake in the code', new TypeError("Cannot read properties of undefined (reading 'secret')")],
  ['an error of the database', withCode('23505')],
  ['a status that is no number', Object.assign(new Error('secret'), { status: '400' })],
  ['a status that nobody gives here', withStatus(599)],
  ['no error at all', undefined],
  ['text', 'secret'],
];

let problems: Problems;

beforeAll(async () => {
  const module = await Test.createTestingModule({ imports: [ProblemsModule] }).compile();
  problems = (await module.init()).get(Problems);
});

const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation();

beforeEach(() => logged.mockClear());

afterAll(() => logged.mockRestore());

describe('the problem of an error that is foreseen', () => {
  afterEach(() => {
    expect(logged).not.toHaveBeenCalled();
  });

  it.each(known.map(([error, status, code]) => ({ name: error.name, error, status, code })))(
    '$name is $status $code',
    ({ error, status, code }) => {
      expect(problems.of(error)).toMatchObject({ status, code });
    },
  );

  it('says in its errors what is wrong, whenever it is a 400', () => {
    for (const [error] of known.filter(([, status]) => status === 400)) {
      const [first] = problems.of(error).errors ?? [];
      expect(first?.pointer).toMatch(/^#/);
      expect(first?.detail).not.toBe('');
    }
  });

  it('keeps every member that was found wrong', () => {
    const errors = [
      { pointer: '#/name', detail: 'is missing' },
      { pointer: '#/email', detail: 'is no e-mail address' },
    ];
    expect(problems.of(new ValidationFailedError(errors)).errors).toEqual(errors);
  });

  it('asks to try again later, whenever it is a 503', () => {
    for (const [error, status] of known) {
      expect(problems.of(error).headers).toEqual(status === 503 ? { 'Retry-After': '1' } : undefined);
    }
  });

  it('tells people what the domain says', () => {
    expect(problems.of(new LampError('rule')).detail).toBe('The lamp is broken.');
    expect(problems.of(new LampError('invalid')).errors).toEqual([
      { pointer: '#', detail: 'The lamp is broken.' },
    ]);
  });

  it('tells nothing of the connection that failed', () => {
    const cause = new Error('connect ECONNREFUSED 10.0.0.5:5432');
    expect(JSON.stringify(problems.of(new EventStoreUnavailableError(cause)))).not.toContain('10.0.0.5');
  });
});

describe('the problem of a database that lacks what this program needs', () => {
  it.each(['42P01', '42703', '42883', '42501'])(
    'is 500 in a statement of the program, and is logged: %s',
    (code) => {
      expect(problems.of(withCode(code))).toMatchObject({ status: 500, code: 'internal-error' });
      expect(logged).toHaveBeenCalledTimes(1);
    },
  );

  it('is 503 in a statement of the event store', () => {
    expect(problems.of(new EventStoreUnavailableError(withCode('42883')))).toMatchObject({ status: 503 });
  });
});

describe('the problem of an error that nobody foresaw', () => {
  it.each(unforeseen)('is 500, tells nothing, and is logged: %s', (_what, error) => {
    expect(problems.of(error)).toEqual({
      code: 'internal-error',
      status: 500,
      detail: 'The request failed. The log tells more, by the correlation id.',
    });
    expect(logged).toHaveBeenCalledTimes(1);
  });
});

class ForgottenError extends DomainError {
  readonly code = 'lamp.forgotten';

  constructor() {
    super('The lamp was forgotten.');
  }
}

describe('rows of a feature', () => {
  @Module({ providers: [answersOf({ 'lamp.forgotten': { status: 410 } })] })
  class LampsModule {}

  @Module({ providers: [answersOf({ 'era.other': { status: 409, code: 'position-of-another-era' } })] })
  class ErasModule {}

  const startWith = async (...modules: (typeof LampsModule)[]): Promise<Problems> => {
    const module = await Test.createTestingModule({ imports: [ProblemsModule, ...modules] }).compile();
    return (await module.init()).get(Problems);
  };

  it('give an error another status and code than its kind does', async () => {
    expect(problems.of(new ForgottenError())).toMatchObject({ status: 422, code: 'lamp-forgotten' });
    const extended = await startWith(LampsModule, ErasModule);
    expect(extended.of(new ForgottenError())).toEqual({
      status: 410,
      code: 'lamp-forgotten',
      detail: 'The lamp was forgotten.',
    });
    const elsewhere = Object.assign(new ForgottenError(), { code: 'era.other' });
    expect(extended.of(elsewhere)).toMatchObject({ status: 409, code: 'position-of-another-era' });
  });

  it('end the start when two modules answer one code', async () => {
    @Module({ providers: [answersOf({ 'lamp.forgotten': { status: 404 } })] })
    class OthersModule {}
    await expect(startWith(LampsModule, OthersModule)).rejects.toThrow('"lamp.forgotten" are answered twice');
    @Module({ providers: [answersOf({ 'stream.version-conflict': { status: 500 } })] })
    class BoldModule {}
    await expect(startWith(BoldModule)).rejects.toThrow('"stream.version-conflict" are answered twice');
  });
});
