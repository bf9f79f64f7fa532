import { join } from 'node:path';
import { ownRows } from '../../src/platform/http/problem-rows';
import { errorClasses } from './error-classes';
import { readSources, type Sources } from './import-graph';

const root = join(__dirname, '../..');
const bases = ['EventSourcingError', 'DomainError', 'RequestError'];

/** Codes that have no row in the table of problems: the answer that follows from the kind of the error is right for them. */
const answeredByKind: Readonly<Record<string, readonly string[]>> = {
  invalid: ['append.invalid', 'email.invalid', 'user-name.invalid', 'validation-failed'],
  'not-found': [
    'aggregate-type.unknown',
    'parked-event.not-found',
    'parked-stream.not-found',
    'projection.not-found',
    'rebuild.not-found',
    'stream.version-not-reached',
    'subscription.not-found',
  ],
  conflict: [
    'email.taken',
    'parked-event.decided-meanwhile',
    'position.of-another-era',
    'projector.other-version',
    'rebuild.in-progress',
    'rebuild.table-changed',
    'rebuild.table-in-use',
    'receipt.exists',
    'subscription.lease-lost',
    'user-id.taken',
  ],
  rule: ['idempotency-key-reused', 'rebuild.refused', 'user.deactivated'],
  unavailable: [
    'connection.lost',
    'database.not-migrated',
    'database.not-ready',
    'database.rights-missing',
    'handler.timeout',
    'pool.exhausted',
    'read-model-behind',
    'read-model.table-mismatch',
    'read-model.table-of-another',
    'rebuild.blocked',
    'store.closed',
    'store.overloaded',
    'store.unavailable',
    'subscription.failing-alike',
    'subscription.given-up',
    'subscription.too-many-parked',
    'transaction.lost',
  ],
  defect: [
    'aggregate.event-unhandled',
    'aggregate.not-at-once',
    'aggregate.nothing-raised',
    'aggregate.raised-in-constructor',
    'aggregate.sealed',
    'checkpoint.beyond-log',
    'database.answer-missing',
    'definition.invalid',
    'event-id.taken',
    'event-type.unknown',
    'log.event-gone',
    'log.head-held',
    'log.hole',
    'read-group.answer-missing',
    'read-model.table-missing',
    'receipt.second-append',
    'registration.invalid',
    'row.exists',
    'row.invalid',
    'row.missing',
    'row.written-already',
    'schema-version.unknown',
    'schema.data-source-in-use',
    'schema.file-changed',
    'schema.name-invalid',
    'store.in-memory-in-production',
    'stored-event.invalid',
    'transaction.nested-open',
    'trial.succeeded',
    'upcaster.failed',
  ],
};

const coded = errorClasses(readSources(root)).filter(
  ({ isAbstract, ancestors }) => !isAbstract && ancestors.some((name) => bases.includes(name)),
);

describe('the table of problems', () => {
  it('has a row for each error, or leaves it to its kind on purpose', () => {
    const withoutRow = coded.filter(({ code = '' }) => !(code in ownRows));
    const found = withoutRow.map(({ code, kind }) => `${kind} ${code}`).sort();
    const meant = Object.entries(answeredByKind).flatMap(([kind, codes]) =>
      codes.map((code) => `${kind} ${code}`),
    );
    expect(found).toEqual(meant.sort());
  });

  it('has no row for an error that does not exist', () => {
    const codes = new Set(coded.map(({ code }) => code));
    expect(Object.keys(ownRows).filter((code) => !codes.has(code))).toEqual([]);
  });

  it('is the only knowledge that the web host has of single errors of the kernel: it names none of their classes', () => {
    const classes = new Set(
      coded.filter(({ place }) => place.startsWith('src/event-sourcing/')).map(({ name }) => name),
    );
    const named = (sources: Sources) =>
      [...sources].flatMap(([file, text]) =>
        [...text.matchAll(/\b\w+Error\b/g)]
          .filter(([name]) => classes.has(name))
          .map(([name]) => `${file} names ${name}`),
      );
    expect(named(readSources(root, 'src/platform/http'))).toEqual([]);
    expect(named(new Map([['planted.ts', 'if (error instanceof ClaimTakenError) return 409;']]))).toEqual([
      'planted.ts names ClaimTakenError',
    ]);
  });
});
