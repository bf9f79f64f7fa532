import { Inject, Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { Position } from '../../event-store/event-envelope';
import { EventStore } from '../../event-store/event-store';
import { headElsewhere, lastPositionOr } from '../../event-store/postgres/read-head';
import { forgetCheckpoints, forgetMembers } from '../../subscriptions/checkpoints/forget-subscription';
import type { SubscriptionSettings } from '../../subscriptions/subscription-settings';
import { shadowName } from '../../subscriptions/subscriber';
import { DATA_SOURCE, SETTINGS } from '../../injection-tokens';
import { compareTables, TableDifference } from '../compare-tables';
import { liveName, shadowOf } from '../live-name';
import { Projection } from '../projection';
import { tablesOf } from '../tables-of';
import { catchUp, CatchUpParts, CaughtUp } from './catch-up';
import { RebuildBlockedError, TableChangedError } from './errors';
import { dropTable, problemOf } from './shadow-tables';
import { lockRebuild } from './rebuild-row';
import { deleteRebuild } from './rebuild-statements';
import { lockOutReaders, lockOutWriters, usersOf } from './table-locks';
import { annals, sql } from '../../schema/sql';
import { query } from '../../schema/query';

/** The live tables compared with the shadow tables, at the same position of the log. */
export interface RebuildComparison {
  readonly position: Position;
  /** For each table: `onlyLeft` are rows of the live one, `onlyRight` of its shadow; at most 20 each. */
  readonly tables: readonly TableDifference[];
}

export interface SwapOptions {
  /** Leaves a rebuild alone that an operator holds. Default: false. */
  readonly unlessHeld?: boolean;
}

/** Events that a swap may have to apply while the writers of the live tables are locked out. */
const maxEventsUnderLock = 500;

const readNearness = sql`
  SELECT ${lastPositionOr('$3')} - min(s.position) <= $2 AND NOT bool_or(s.paused) AND NOT EXISTS (
    SELECT FROM ${annals}.parked_events WHERE subscription = $1) AS near
  FROM ${annals}.subscriptions AS s WHERE s.name = $1`;

const moveDiscarded = sql`UPDATE ${annals}.discarded_events SET subscription = $1 WHERE subscription = $2 AND NOT superseded`;

const swapTable = sql`SELECT ${annals}.swap_table(live => $1::regclass)`;

const renameCheckpoints = sql`
  UPDATE ${annals}.subscriptions SET name = $1, epoch = $3, paused = $4, owner = NULL, lease_expires_at = NULL,
    failure = NULL, failed_at = NULL, rebuilt_at = clock_timestamp()
  WHERE name = $2`;

/** The tables of a rebuild: their names, and the names with the schemas of both sides. */
interface BothTables {
  readonly names: readonly string[];
  readonly live: readonly string[];
  readonly shadows: readonly string[];
}

/** What became of a try to swap. */
interface SwapOutcome {
  readonly position?: Position;
  readonly blockedBy?: string;
}

/** Swaps the shadow tables of a rebuild with the live ones. */
@Injectable()
export class RebuildSwap {
  private readonly parts: CatchUpParts;

  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly store: EventStore,
    @Inject(SETTINGS) settings: SubscriptionSettings,
  ) {
    this.parts = { store, settings };
  }

  /** Whether the shadow tables have nearly caught up with the log, and nothing is set aside. */
  async isNear(projection: Projection): Promise<boolean> {
    const values = [shadowName(projection.name), maxEventsUnderLock, await headElsewhere(this.store)];
    const [row] = await query<{ near: boolean }[]>(this.dataSource, readNearness, values);
    return row?.near ?? false;
  }

  /** Gives the planner statistics of the shadow tables, so that the first queries on them are planned well. */
  async analyze(projection: Projection): Promise<void> {
    for (const table of tablesOf(this.dataSource, projection)) {
      await this.dataSource.query(`ANALYZE ${shadowOf(this.dataSource, table)}`);
    }
  }

  /**
   * Swaps the tables and their checkpoints in one transaction. Readers go on until the renaming. Undefined when the shadow tables
   * are too far behind the log, are gone, or another process works on the rebuild.
   * @throws RebuildBlockedError when a session that uses the tables stayed in the way: then nothing has been swapped.
   */
  async swap(projection: Projection, options: SwapOptions = {}): Promise<Position | undefined> {
    const { position, blockedBy } = await this.dataSource.transaction((manager) =>
      this.trySwap(manager, projection, options),
    );
    if (blockedBy !== undefined) throw new RebuildBlockedError(projection.name, blockedBy);
    return position;
  }

  /**
   * Compares live and shadow tables. Meanwhile the projections of both wait, and queries go on. Undefined when the shadow
   * tables are too far behind the log.
   */
  async compare(projection: Projection): Promise<RebuildComparison | undefined> {
    return this.dataSource.transaction(async (manager) => {
      if (!(await lockRebuild(manager, projection))) return undefined;
      const { names, live, shadows } = await this.bothTables(manager, projection);
      if (!(await lockOutWriters(manager, shadows))) return undefined;
      const caughtUp = await catchUp(manager, this.parts, projection);
      if (!caughtUp) return undefined;
      await manager.query('SET LOCAL statement_timeout = 0');
      const tables: TableDifference[] = [];
      for (const [index, name] of names.entries()) {
        tables.push(await compareTables(manager, name, live[index] ?? '', shadows[index] ?? ''));
      }
      return { position: caughtUp.position, tables };
    });
  }

  private async trySwap(
    manager: EntityManager,
    projection: Projection,
    { unlessHeld = false }: SwapOptions,
  ): Promise<SwapOutcome> {
    const rebuild = await lockRebuild(manager, projection);
    if (!rebuild || (unlessHeld && rebuild.isHeld)) return {};
    const tables = await this.bothTables(manager, projection);
    const all = [...tables.shadows, ...tables.live];
    if (!(await lockOutWriters(manager, all))) {
      return { blockedBy: await usersOf(manager, all, { onlyWriters: true }) };
    }
    const [{ search_path: searchPath } = { search_path: '' }] =
      await manager.query<{ search_path: string }[]>('SHOW search_path');
    const caughtUp = await catchUp(manager, this.parts, projection);
    if (!caughtUp) return {};
    await manager.query("SELECT set_config('search_path', $1, true)", [searchPath]);
    return this.replace(manager, projection, { tables, caughtUp });
  }

  /** All that takes time is done before readers are kept out. */
  private async replace(
    manager: EntityManager,
    projection: Projection,
    { tables, caughtUp }: { readonly tables: BothTables; readonly caughtUp: CaughtUp },
  ): Promise<SwapOutcome> {
    for (const [index, name] of tables.names.entries()) {
      const problem = await problemOf(manager, tables.live[index] ?? '');
      if (problem !== undefined) throw new TableChangedError(projection.name, name, problem);
    }
    await manager.query('SAVEPOINT caught_up');
    for (const name of tables.names) await dropTable(manager, 'oldName', name);
    await this.adoptCheckpoints(manager, projection.name, caughtUp);
    // The shadow tables first: a comparison of them must not be waited for while the live tables are locked.
    const all = [...tables.shadows, ...tables.live];
    if (!(await lockOutReaders(manager, all))) {
      await manager.query('ROLLBACK TO SAVEPOINT caught_up');
      return { blockedBy: await usersOf(manager, all) };
    }
    for (const live of tables.live) await query(manager, swapTable, [live]);
    return { position: caughtUp.position };
  }

  private async adoptCheckpoints(manager: EntityManager, name: string, to: CaughtUp): Promise<void> {
    const shadow = shadowName(name);
    // Without the old checkpoints, stale owners of the live tables are refused.
    await forgetCheckpoints(manager, name);
    await query(manager, deleteRebuild, [name]);
    await query(manager, moveDiscarded, [name, shadow]);
    await forgetMembers(manager, shadow);
    await query(manager, renameCheckpoints, [name, shadow, to.nextEpoch, to.isPaused]);
  }

  private async bothTables(manager: EntityManager, projection: Projection): Promise<BothTables> {
    const names = tablesOf(this.dataSource, projection);
    const live: string[] = [];
    for (const name of names) live.push(await liveName(manager, name));
    return { names, live, shadows: names.map((name) => shadowOf(manager, name)) };
  }
}
