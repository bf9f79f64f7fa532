import type { DataSource, EntityManager } from 'typeorm';
import { Position } from '../../event-store/event-envelope';
import { EventStore } from '../../event-store/event-store';
import { compareTables, TableDifference } from '../compare-tables';
import { liveName } from '../live-name';
import { Projection } from '../projection';
import { quoted, tablesOf } from '../tables-of';
import { catchUp, CaughtUp, lockNextTables, nearEnough } from './catch-up';
import { nextNameOf } from './next-rows';

/** The rows that are read compared with those that were made anew, at the same position of the log. */
export interface RebuildComparison {
  readonly position: Position;
  /** For each table: `onlyLeft` are rows of the old one, `onlyRight` of the new one; at most 20 each. */
  readonly tables: readonly TableDifference[];
}

/** So that queries, which queue behind the swap, wait no longer than this for it to get its locks. */
const lockTimeout = "SET LOCAL lock_timeout = '1s'";

const readNearness = `
  SELECT l.head - min(s.position) <= $2 AND NOT bool_or(s.paused) AND NOT EXISTS (
    SELECT FROM parked_events WHERE subscription = $1) AS near
  FROM subscriptions AS s CROSS JOIN event_log AS l WHERE s.name = $1 GROUP BY l.head`;

/** Without the old checkpoints, stale owners of the old rows are refused. `$1` names the projection. */
const forgetOldRows = [
  'DELETE FROM subscriptions WHERE name = $1',
  'DELETE FROM parked_events WHERE subscription = $1',
  'UPDATE discarded_events SET superseded = true WHERE subscription = $1',
  'DELETE FROM rebuilds WHERE projection = $1',
];

const giveDiscarded =
  'UPDATE discarded_events SET subscription = $1 WHERE subscription = $2 AND NOT superseded';

const forgetMembers = 'DELETE FROM subscription_members WHERE subscription = $1';

const renameCheckpoints = `
  UPDATE subscriptions SET name = $1, epoch = $3, paused = $4, owner = NULL, lease_expires_at = NULL,
    failure = NULL, failed_at = NULL, rebuilt_at = clock_timestamp()
  WHERE name = $2`;

/** Lets new rows take the place of the old ones. */
export class RebuildSwap {
  constructor(
    private readonly dataSource: DataSource,
    private readonly store: EventStore,
  ) {}

  /** Whether the new rows have nearly caught up with the log, and nothing is set aside. */
  async isNear(projection: Projection): Promise<boolean> {
    const values = [nextNameOf(projection.name), nearEnough];
    const [row] = await this.dataSource.query<{ near: boolean }[]>(readNearness, values);
    return row?.near ?? false;
  }

  /** Gives the planner statistics of the new tables, so that the first queries on them are planned well. */
  async analyze(projection: Projection): Promise<void> {
    for (const table of this.tables(projection)) {
      await this.dataSource.query(`ANALYZE projection_next.${quoted(table)}`);
    }
  }

  /**
   * Swaps the tables and their checkpoints in one transaction. Undefined when they are not near enough, or are gone. Fails
   * with a lock timeout when a long query or batch is in the way: nothing has changed then.
   */
  async swap(projection: Projection): Promise<Position | undefined> {
    const tables = this.tables(projection);
    return this.dataSource.transaction(async (manager) => {
      await manager.query(lockTimeout);
      await lockNextTables(manager, tables, 'ACCESS EXCLUSIVE');
      for (const table of tables) await manager.query(`LOCK TABLE ${quoted(table)} IN ACCESS EXCLUSIVE MODE`);
      const [{ search_path: searchPath } = { search_path: '' }] =
        await manager.query<{ search_path: string }[]>('SHOW search_path');
      const caughtUp = await catchUp(manager, this.store, projection);
      if (!caughtUp) return undefined;
      await manager.query("SELECT set_config('search_path', $1, true)", [searchPath]);
      for (const table of tables) await manager.query('SELECT swap_next_table($1)', [table]);
      await this.giveCheckpoints(manager, projection.name, caughtUp);
      return caughtUp.position;
    });
  }

  /**
   * Compares old and new rows. Meanwhile the projections of both wait, and queries go on. Undefined when the new rows are not
   * near enough.
   */
  async compare(projection: Projection): Promise<RebuildComparison | undefined> {
    const tables = this.tables(projection);
    return this.dataSource.transaction(async (manager) => {
      await manager.query('SET LOCAL statement_timeout = 0');
      await lockNextTables(manager, tables, 'SHARE ROW EXCLUSIVE');
      const live: string[] = [];
      for (const table of tables) live.push(await liveName(manager, table));
      const caughtUp = await catchUp(manager, this.store, projection);
      if (!caughtUp) return undefined;
      const differences = [];
      for (const [index, table] of tables.entries()) {
        const next = `projection_next.${quoted(table)}`;
        differences.push(await compareTables(manager, table, live[index] ?? quoted(table), next));
      }
      return { position: caughtUp.position, tables: differences };
    });
  }

  private async giveCheckpoints(manager: EntityManager, name: string, to: CaughtUp): Promise<void> {
    const nextName = nextNameOf(name);
    for (const text of forgetOldRows) await manager.query(text, [name]);
    await manager.query(giveDiscarded, [name, nextName]);
    await manager.query(forgetMembers, [nextName]);
    await manager.query(renameCheckpoints, [name, nextName, to.nextEpoch, to.isPaused]);
  }

  private tables(projection: Projection): string[] {
    return tablesOf(this.dataSource, projection);
  }
}
