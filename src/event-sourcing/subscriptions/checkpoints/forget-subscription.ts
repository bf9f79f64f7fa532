import type { EntityManager } from 'typeorm';
import { annals, sql } from '../../schema/sql';
import { query } from '../../schema/query';

/** `$1` names the subscription. */
const deleteCheckpoints = [
  sql`DELETE FROM ${annals}.subscriptions WHERE name = $1`,
  sql`DELETE FROM ${annals}.parked_events WHERE subscription = $1`,
  sql`UPDATE ${annals}.discarded_events SET superseded = true WHERE subscription = $1`,
];

const deleteMembers = sql`DELETE FROM ${annals}.subscription_members WHERE subscription = $1`;

/** Deletes the checkpoints of a subscription, and what it has set aside. An owner that is not aware of it can move nothing more. */
export async function forgetCheckpoints(manager: EntityManager, name: string): Promise<void> {
  for (const statement of deleteCheckpoints) await query(manager, statement, [name]);
}

/** Deletes the list of the processes among which the segments of a subscription are divided. */
export async function forgetMembers(manager: EntityManager, name: string): Promise<void> {
  await query(manager, deleteMembers, [name]);
}
