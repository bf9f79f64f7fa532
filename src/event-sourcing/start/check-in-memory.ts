import type { DataSource } from 'typeorm';
import { EventRegistrationError } from '../event-store/event-registry';
import { DatabaseNotReadyError } from './errors';
import { lastPosition } from '../event-store/postgres/read-head';
import { annals, sql } from '../schema/sql';
import { query } from '../schema/query';

const findTraces = sql`
  SELECT ${lastPosition} AS head,
    (SELECT string_agg(DISTINCT name, ', ') FROM ${annals}.subscriptions WHERE position > 0) AS subscriptions`;

interface Traces {
  readonly head: string;
  readonly subscriptions: string | null;
}

/**
 * The store in memory begins empty at each start, and checkpoints stand in a database: it has to be as empty.
 * @throws DatabaseNotReadyError for a database that holds another log
 */
export async function checkInMemory(dataSource: DataSource): Promise<void> {
  const [traces] = await query<Traces[]>(dataSource, findTraces);
  if (!traces || (BigInt(traces.head) === 0n && traces.subscriptions === null)) return;
  const held = traces.subscriptions ? `checkpoints of another log (${traces.subscriptions})` : 'another log';
  throw new DatabaseNotReadyError(
    `The store in memory begins empty, and the database holds ${held}, so events would be passed over. Use an empty database, or the ` +
      'Postgres store.',
  );
}

/** Without a database there are no checkpoints. @throws EventRegistrationError */
export function checkNoSubscription(subscriptions: readonly string[]): void {
  if (subscriptions.length === 0) return;
  throw new EventRegistrationError(
    `There is no data source for the checkpoints of ${subscriptions.join(', ')}. Import TypeOrmModule.forRoot(…); or, if it has a name, ` +
      "give that to the kernel: EventSourcingModule.forRoot({ store, dataSource: 'name' }); or start without subscriptions: " +
      'forRoot({ store, subscriptions: { enabled: false } }).',
  );
}
