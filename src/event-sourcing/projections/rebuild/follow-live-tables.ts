import { Logger } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { quoted } from '../../postgres/identifiers';
import { Projection } from '../projection';
import { asRefusal } from './as-refusal';
import { RebuildBlockedError, RebuildRefusedError, TableChangedError } from './errors';
import { createShadowTables, limitWaiting, obstacleOf, problemOf, dropShadowTables } from './shadow-tables';
import { postgresCodeOf } from '../../postgres/postgres-code';
import { lockRebuild } from './rebuild-row';
import { lockOutWriters, usersOf } from './table-locks';

const alignTable = `SELECT align_next_table(live_table($1), format('projection_next.%I', $1::text)::regclass)`;

const noteStart = 'UPDATE rebuilds SET started_at = clock_timestamp() WHERE projection = $1';

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
    const problem = await problemOf(dataSource.manager, table);
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
  const obstacle = await obstacleOf(manager, table);
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
      const shadows = tables.map((table) => `projection_next.${quoted(table)}`);
      if (!(await lockOutWriters(manager, shadows))) {
        throw new RebuildBlockedError(
          projection.name,
          await usersOf(manager, shadows, { onlyWriters: true }),
        );
      }
      for (const table of tables) {
        await manager.query(alignTable, [table]);
        const left = await problemOf(manager, table);
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
      await manager.query(noteStart, [projection.name]);
      return true;
    })
    .catch((error: Error) => Promise.reject(asRefusal(projection.name, error)));
}
