import { Logger } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { Projection } from '../projection';
import { asRefusal } from './as-refusal';
import { RebuildBlockedError, RebuildRefusedError, TableChangedError } from './errors';
import { createShadowTables, limitWaiting, obstacleOf, problemOf, dropShadowTables } from './shadow-tables';
import { postgresCodeOf } from '../../postgres/postgres-code';
import { lockRebuild } from './rebuild-row';
import { lockOutWriters, usersOf } from './table-locks';
import { liveName, shadowOf } from '../live-name';
import { annals, sql } from '../../schema/sql';
import { query } from '../../schema/query';

const alignTable = sql`
  SELECT ${annals}.align_shadow_table(live => live, shadow => ${annals}.shadow_of(live => live)) FROM (SELECT $1::regclass AS live) AS t`;

const noteStart = sql`UPDATE ${annals}.rebuilds SET started_at = clock_timestamp() WHERE projection = $1`;

/** What a statement on the shadow table may fail with because of its rows, its definition, or the time that it takes. */
const cannotAlign = /^(0A|22|23|2B|42|55000|57014)/;

/**
 * Gives the shadow tables what the live ones were given meanwhile: an index, a grant, a comment. What a table with rows
 * cannot be given, such as a column, makes the rebuild start over with empty copies.
 * @throws RebuildRefusedError when a copy would lose what the live table has now.
 */
export async function followLiveTables(
  dataSource: DataSource,
  projection: Projection,
  tables: readonly string[],
): Promise<void> {
  const changes: string[] = [];
  for (const table of tables) {
    const problem = await problemOf(dataSource.manager, await liveName(dataSource.manager, table));
    if (problem === undefined) continue;
    await checkCopies(dataSource.manager, projection.name, table);
    changes.push(`table "${table}": ${problem}`);
  }
  if (changes.length === 0) return;
  const logger = new Logger('Rebuilds');
  const said = changes.join('; ');
  const outcome = await align(dataSource, projection, tables);
  if (outcome === 'aligned') {
    logger.log(`The shadow tables of "${projection.name}" were given what the live ones have now: ${said}.`);
  } else if (outcome === 'impossible' && (await startOver(dataSource, projection, tables))) {
    logger.warn(
      `The rebuild of "${projection.name}" starts over, because the live tables have changed: ${said}.`,
    );
  }
}

async function checkCopies(manager: EntityManager, projection: string, table: string): Promise<void> {
  const obstacle = await obstacleOf(manager, await liveName(manager, table));
  if (obstacle === undefined) return;
  throw new RebuildRefusedError(
    projection,
    `a copy of table ${table} would lose ${obstacle}`,
    'Drop it, and create it again after the swap.',
  );
}

/** `not ours`: the rebuild is over, or another transaction works on it. */
async function align(
  dataSource: DataSource,
  projection: Projection,
  tables: readonly string[],
): Promise<'aligned' | 'impossible' | 'not ours'> {
  try {
    return await dataSource.transaction(async (manager) => {
      if (!(await lockRebuild(manager, projection))) return 'not ours';
      const shadows = tables.map((table) => shadowOf(manager, table));
      if (!(await lockOutWriters(manager, shadows))) {
        throw new RebuildBlockedError(
          projection.name,
          await usersOf(manager, shadows, { onlyWriters: true }),
        );
      }
      for (const table of tables) {
        const live = await liveName(manager, table);
        await query(manager, alignTable, [live]);
        const left = await problemOf(manager, live);
        if (left !== undefined) throw new TableChangedError(projection.name, table, left);
      }
      return 'aligned';
    });
  } catch (error) {
    if (error instanceof TableChangedError || cannotAlign.test(postgresCodeOf(error))) return 'impossible';
    throw error;
  }
}

/** False when the rebuild is not ours. */
async function startOver(
  dataSource: DataSource,
  projection: Projection,
  tables: readonly string[],
): Promise<boolean> {
  return dataSource
    .transaction(async (manager) => {
      if (!(await lockRebuild(manager, projection))) return false;
      await limitWaiting(manager);
      await dropShadowTables(manager, projection.name, tables);
      await createShadowTables(manager, projection, tables);
      await query(manager, noteStart, [projection.name]);
      return true;
    })
    .catch((error: Error) => Promise.reject(asRefusal(projection.name, error)));
}
