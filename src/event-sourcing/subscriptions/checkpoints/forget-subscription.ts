import type { EntityManager } from 'typeorm';

/** `$1` names the subscription. */
const deleteCheckpoints = [
  'DELETE FROM subscriptions WHERE name = $1',
  'DELETE FROM parked_events WHERE subscription = $1',
  'UPDATE discarded_events SET superseded = true WHERE subscription = $1',
];

const deleteMembers = 'DELETE FROM subscription_members WHERE subscription = $1';

/** Deletes the checkpoints of a subscription, and what it has set aside. An owner that is not aware of it can move nothing more. */
export async function forgetCheckpoints(manager: EntityManager, name: string): Promise<void> {
  for (const text of deleteCheckpoints) await manager.query(text, [name]);
}

/** Deletes the list of the processes among which the segments of a subscription are divided. */
export async function forgetMembers(manager: EntityManager, name: string): Promise<void> {
  await manager.query(deleteMembers, [name]);
}
