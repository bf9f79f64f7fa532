import type { EntityManager } from 'typeorm';
import { quoted } from '../../postgres/identifiers';
import { forgetCheckpoints, forgetMembers } from '../../subscriptions/checkpoints/forget-subscription';
import { shadowName } from '../../subscriptions/subscriber';
import { Projection } from '../projection';
import { TableInUseError } from './errors';
import { postgresCodeOf } from '../../postgres/postgres-code';
import { annals, sql } from '../../schema/sql';
import { query, schemaOf } from '../../schema/query';
import { liveName } from '../live-name';

const dependentsExist = '2BP01';
const lockTimeout = '55P03';

/** How long the tables of a rebuild are waited for, in milliseconds. */
const lockMs = 5_000;

/**
 * Epochs go on behind all that a rebuild given up before can have had: each of those took a transaction of its own. So a
 * process that still fills its tables cannot move the new checkpoints.
 */
const insertCheckpoints = sql`
  INSERT INTO ${annals}.subscriptions (name, segment, segments, version, kind, epoch)
  SELECT $1, segment, $2, $3, 'projector', e.epoch
  FROM generate_series(0, $2 - 1) AS segment,
    (SELECT GREATEST(max(epoch), pg_current_xact_id()::text::bigint) AS epoch FROM ${annals}.subscriptions WHERE name = $4) AS e`;

/** `$1` of each: the live table, with its schema. */
const makeShadowTable = sql`SELECT ${annals}.make_shadow_table(live => $1::regclass)`;
const findProblem = sql`SELECT ${annals}.shadow_table_problem(live => $1::regclass) AS problem`;
const findObstacle = sql`SELECT ${annals}.what_cannot_be_copied(live => $1::regclass) AS obstacle`;

/** Makes empty copies of the live tables, with a checkpoint at the beginning of the log. */
export async function createShadowTables(
  manager: EntityManager,
  { name, version, segments }: Projection,
  tables: readonly string[],
): Promise<void> {
  for (const table of tables) await query(manager, makeShadowTable, [await liveName(manager, table)]);
  await query(manager, insertCheckpoints, [shadowName(name), segments, version, name]);
}

/** @throws TableInUseError */
export async function dropShadowTables(
  manager: EntityManager,
  name: string,
  tables: readonly string[],
): Promise<void> {
  // Tables before checkpoints: in this order the loop that fills them takes its locks.
  for (const table of tables) await dropTable(manager, 'shadowName', table);
  await forgetCheckpoints(manager, shadowName(name));
  await forgetMembers(manager, shadowName(name));
}

/** For transactions that drop tables or copy them: a session that uses them is not waited for without end. */
export async function limitWaiting(manager: EntityManager): Promise<void> {
  await manager.query(`SET LOCAL lock_timeout = ${lockMs}`);
}

/** @throws TableInUseError */
export async function dropTable(
  manager: EntityManager,
  which: 'shadowName' | 'oldName',
  table: string,
): Promise<void> {
  const schema = schemaOf(manager)[which];
  try {
    await manager.query(`DROP TABLE IF EXISTS ${quoted(schema)}.${quoted(table)}`);
  } catch (error) {
    const why = whyNotDropped(error as { readonly detail?: string });
    throw why === undefined ? error : new TableInUseError(`${schema}.${table}`, why);
  }
}

function whyNotDropped(error: { readonly detail?: string }): string | undefined {
  const code = postgresCodeOf(error);
  if (code === lockTimeout) return 'another session uses it. Try again when that has ended';
  if (code !== dependentsExist) return undefined;
  return `${(error.detail ?? 'other objects depend on it').replaceAll('\n', ', ')}. Drop what depends on it first`;
}

/** What has changed since the copy of a table was made, or would be lost with the live one, in words. */
export async function problemOf(manager: EntityManager, live: string): Promise<string | undefined> {
  const [row] = await query<{ problem: string | null }[]>(manager, findProblem, [live]);
  return row?.problem ?? undefined;
}

/** What a copy of a table would not have, in words. */
export async function obstacleOf(manager: EntityManager, live: string): Promise<string | undefined> {
  const [row] = await query<{ obstacle: string | null }[]>(manager, findObstacle, [live]);
  return row?.obstacle ?? undefined;
}
