import type { DataSource } from 'typeorm';
import { Subscriber } from '../subscriber';
import { headElsewhere, lastPositionOr, LogOfCheckpoints } from '../../event-store/postgres/read-head';
import { annals, sql } from '../../schema/sql';
import { query } from '../../schema/query';

const exists = sql`SELECT FROM ${annals}.subscriptions WHERE name = $1 LIMIT 1`;

/** Two programs that divide the subscription differently must not both create it. */
const lockOut = sql`LOCK TABLE ${annals}.subscriptions IN SHARE ROW EXCLUSIVE MODE`;

const create = sql`
  INSERT INTO ${annals}.subscriptions (name, segment, segments, version, kind, position, started_after)
  SELECT $1, segment, $2, $3, $4, start, start
  FROM generate_series(0, $2 - 1) AS segment,
    (SELECT CASE WHEN $5 THEN ${lastPositionOr('$6')} ELSE 0 END AS start) AS s
  WHERE NOT EXISTS (SELECT FROM ${annals}.subscriptions WHERE name = $1)`;

/** Makes the rows of a subscription, one for each segment, unless it has some. */
export async function createSubscription(
  dataSource: DataSource,
  { name, segment, version, kind, from }: Subscriber,
  store: LogOfCheckpoints,
): Promise<void> {
  if ((await query<unknown[]>(dataSource, exists, [name])).length > 0) return;
  await dataSource.transaction(async (manager) => {
    await query(manager, lockOut);
    const values = [name, segment.count, version, kind, from === 'now', await headElsewhere(store)];
    await query(manager, create, values);
  });
}
