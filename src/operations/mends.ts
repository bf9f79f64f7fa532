import { kindOf, memberOfThrown } from '../event-sourcing';

const cli = 'npm run cli --';

/**
 * What to type in this service, or where to read on, about an error of the kernel: by its code. `<subscription>` is the name that the
 * error is about; `<projection>` the same without the suffix of a rebuild.
 */
export const mends: Readonly<Record<string, string>> = {
  'checkpoint.beyond-log': 'See docs/how-to/operate.md#backups',
  'database.answer-missing': `Run: ${cli} migrate, then ${cli} verify`,
  'database.not-migrated': `Run: ${cli} migrate`,
  'database.rights-missing': 'See docs/how-to/separate-database-roles.md#3-grants',
  'handler.timeout': 'See docs/how-to/handle-parked-events.md',
  'log.event-gone': 'See docs/how-to/operate.md#errors-and-what-to-do',
  'log.hole': `Run: ${cli} verify`,
  'parked-event.not-found': `Run: ${cli} parked list <subscription>`,
  'parked-stream.not-found': `Run: ${cli} parked list <subscription>`,
  'pool.exhausted': 'Raise DATABASE_POOL_SIZE, EVENT_STORE_POOL_SIZE or POOL_WAITING_LIMIT.',
  'projection.not-found': `Run: ${cli} projections status`,
  'projector.other-version': `Run: ${cli} projections rebuild <projection>`,
  'read-model.table-mismatch': 'See docs/how-to/what-the-start-checks.md#tables-of-read-models',
  'read-model.table-missing': `Run: ${cli} migrate`,
  'read-model.table-of-another': `If the projector was renamed, run: ${cli} projections rename <old> <new>`,
  'rebuild.blocked': 'See docs/how-to/operate.md#long-transactions',
  'rebuild.in-progress': `Run: ${cli} projections rebuild <projection> --resume, or ${cli} projections cancel-rebuild <projection>`,
  'rebuild.not-found': `Run: ${cli} projections status`,
  'rebuild.refused': 'See docs/how-to/rebuild-a-read-model.md#what-a-table-of-a-read-model-may-have',
  'rebuild.table-in-use': 'See docs/how-to/operate.md#long-transactions',
  'registration.invalid': 'See docs/how-to/what-the-start-checks.md#classes',
  'row.missing': `Run: ${cli} projections rebuild <projection>`,
  'subscription.failing-alike': 'See docs/how-to/handle-parked-events.md#different-streams-fail-alike',
  'subscription.not-found': `Run: ${cli} projections status`,
  'subscription.too-many-parked': `Run: ${cli} parked list <subscription>`,
};

/** What to do about an error; undefined where its message is all that there is to say. */
export function mendOf(error: unknown, subscription?: string): string | undefined {
  if (kindOf(error) === undefined) return undefined;
  const name = subscription ?? memberOfThrown(error, 'projection') ?? memberOfThrown(error, 'subscription');
  return filled(String(memberOfThrown(error, 'code')), typeof name === 'string' ? name : undefined);
}

/** The same for a failure that the kernel has kept as text: it ends with its code, `… [log.hole]`. */
export function mendOfFailure(failure: string, subscription: string): string | undefined {
  const [, code] = /\[([a-z.-]+)\]$/.exec(failure) ?? [];
  return code === undefined ? undefined : filled(code, subscription);
}

function filled(code: string, name: string | undefined): string | undefined {
  const mend = Object.hasOwn(mends, code) ? mends[code] : undefined;
  if (name === undefined) return mend;
  return mend?.replaceAll('<subscription>', name).replaceAll('<projection>', name.split('@')[0] ?? name);
}
