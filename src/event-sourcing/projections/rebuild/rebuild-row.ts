import type { EntityManager } from 'typeorm';
import { Projection } from '../projection';
import { annals, sql } from '../../schema/sql';
import { query } from '../../schema/query';

const lockRow = sql`
  SELECT is_held AS "isHeld" FROM ${annals}.rebuilds WHERE projection = $1 AND version = $2 AND segments = $3
  FOR UPDATE SKIP LOCKED`;

/**
 * Takes the rebuild in hand until the transaction ends: before its tables, which come before its checkpoints. Undefined when
 * it is over, was ordered for another version, or another transaction has it in hand.
 */
export async function lockRebuild(
  manager: EntityManager,
  { name, version, segments }: Projection,
): Promise<{ readonly isHeld: boolean } | undefined> {
  const [rebuild] = await query<{ isHeld: boolean }[]>(manager, lockRow, [name, version, segments]);
  return rebuild;
}
