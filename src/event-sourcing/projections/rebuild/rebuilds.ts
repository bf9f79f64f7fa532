import { Inject, Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { EventStore } from '../../event-store/event-store';
import { currentMetadata } from '../../messaging/message-context';
import { createSubscription } from '../../subscriptions/checkpoints/create-subscription';
import { Subscribers } from '../../subscribers';
import { Projection } from '../projection';
import { DATA_SOURCE } from '../../injection-tokens';
import { segmentsOf } from '../projection-segment';
import { Projections } from '../projections';
import { tablesOf } from '../tables-of';
import { asRefusal } from './as-refusal';
import { NoRebuildError, NotAProjectorError, RebuildInProgressError, RebuildRefusedError } from './errors';
import { followLiveTables } from './follow-live-tables';
import {
  deleteRebuild,
  findOld,
  findOutdated,
  findOverlap,
  holdRebuild,
  insertRebuild,
  noteTrouble,
  selectRebuilds,
} from './rebuild-statements';
import { createShadowTables, dropTable, limitWaiting, dropShadowTables } from './shadow-tables';
import { query } from '../../schema/query';

export interface RebuildOptions {
  /** The swap waits for an operator, so that the tables can be compared first. Default: false. */
  readonly isHeld?: boolean;
}

/** A projection is being rebuilt: its shadow tables are filled, and then swapped in. */
export interface Rebuild {
  readonly projection: string;
  readonly version: number;
  readonly segments: number;
  readonly isHeld: boolean;
  readonly startedAt: Date;
}

/** Orders and gives up rebuilds of read models, from any process. Those that run subscriptions carry them out. */
@Injectable()
export class Rebuilds {
  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly projections: Projections,
    private readonly subscribers: Subscribers,
    private readonly store: EventStore,
  ) {}

  /** Those that are under way, of all programs on this database. */
  all(): Promise<readonly Rebuild[]> {
    return query(this.dataSource, selectRebuilds);
  }

  /**
   * Orders a rebuild of a projection for the version of this program. Tables that an earlier rebuild has swapped out are
   * dropped.
   * @throws UnknownSubscriptionError, NotAProjectorError, RebuildInProgressError, RebuildRefusedError
   */
  async request(name: string, options: RebuildOptions = {}): Promise<void> {
    const projection = this.known(name);
    this.checkOwnTables(projection);
    await this.create(projection);
    const isNew = await this.dataSource
      .transaction((manager) => this.insert(manager, projection, options))
      .catch((error: Error) => Promise.reject(asRefusal(name, error)));
    if (!isNew) throw new RebuildInProgressError(name);
  }

  /** Makes the swap wait for an operator, or lets it go on. @throws NoRebuildError */
  async hold(name: string, isHeld: boolean): Promise<void> {
    const [rows] = await query<[unknown[], number]>(this.dataSource, holdRebuild, [
      this.known(name).name,
      isHeld,
    ]);
    if (rows.length === 0) throw new NoRebuildError(name);
  }

  /**
   * Gives a rebuild up, also one of a projector that this program no longer has: its tables are dropped, and the rows that are
   * read stay as they are.
   * @throws NoRebuildError, UnknownSubscriptionError, TableInUseError
   */
  async cancel(name: string): Promise<void> {
    const isUnderWay = (await this.all()).some(({ projection }) => projection === name);
    if (!isUnderWay) this.known(name);
    await this.dataSource.transaction(async (manager) => {
      await limitWaiting(manager);
      await remove(manager, name);
    });
  }

  /**
   * Gives the shadow tables what was changed at the live ones since the rebuild began.
   * @throws RebuildRefusedError when a copy would lose what the live table has now.
   */
  async follow(projection: Projection): Promise<void> {
    await followLiveTables(this.dataSource, projection, tablesOf(this.dataSource, projection));
  }

  /** Lets everybody see why there is no swap yet; null when nothing is in its way. */
  async noteTrouble(name: string, trouble: string | null): Promise<void> {
    await query(this.dataSource, noteTrouble, [name, trouble]);
  }

  /** Drops the rows that were read before the last rebuild; false when there are none. @throws TableInUseError */
  async dropOld(name: string): Promise<boolean> {
    const tables = tablesOf(this.dataSource, this.known(name));
    const [row] = await query<{ kept: boolean }[]>(this.dataSource, findOld, [tables]);
    await this.dataSource.transaction(async (manager) => {
      await limitWaiting(manager);
      for (const table of tables) await dropTable(manager, 'oldName', table);
    });
    return row?.kept ?? false;
  }

  /** Orders a rebuild for each projection whose rows were made by an older version, or in other segments. */
  async requestOutdated(): Promise<readonly string[]> {
    const requested: string[] = [];
    for (const projection of this.projections.all()) {
      if (await this.requestIfOutdated(projection)) requested.push(projection.name);
    }
    return requested;
  }

  private async requestIfOutdated({ name, version, segments }: Projection): Promise<boolean> {
    const rows = await query<unknown[]>(this.dataSource, findOutdated, [name, version, segments]);
    if (rows.length === 0) return false;
    const underWay = (await this.all()).find((rebuild) => rebuild.projection === name);
    if (underWay && (underWay.version > version || isFor(underWay, { version, segments }))) return false;
    if (underWay) await this.cancel(name);
    try {
      await this.request(name);
      return true;
    } catch (error) {
      // Another process of this program was faster.
      if (error instanceof RebuildInProgressError) return false;
      throw error;
    }
  }

  private async insert(
    manager: EntityManager,
    projection: Projection,
    { isHeld = false }: RebuildOptions,
  ): Promise<boolean> {
    const { name, version, segments } = projection;
    const tables = tablesOf(this.dataSource, projection);
    const values = [name, version, segments, tables, isHeld, currentMetadata().actor];
    await limitWaiting(manager);
    if ((await query<unknown[]>(manager, insertRebuild, values)).length === 0) return false;
    await checkOtherRebuilds(manager, name, tables);
    for (const table of tables) await dropTable(manager, 'oldName', table);
    await createShadowTables(manager, projection, tables);
    return true;
  }

  /** Two projectors of one table would drop each other's rows. */
  private checkOwnTables(projection: Projection): void {
    const tables = tablesOf(this.dataSource, projection);
    for (const other of this.projections.all()) {
      if (other.name === projection.name) continue;
      const shared = tablesOf(this.dataSource, other).find((table) => tables.includes(table));
      if (shared !== undefined) throw sharedTable(projection.name, shared, other.name);
    }
  }

  private async create(projection: Projection): Promise<void> {
    const [first] = segmentsOf(projection);
    if (first) await createSubscription(this.dataSource, first, this.store);
  }

  private known(name: string): Projection {
    const [subscriber] = this.subscribers.get(name);
    if (subscriber?.kind === 'handler') throw new NotAProjectorError(name);
    return this.projections.get(name);
  }
}

/** Whether the rebuild makes the rows that this program wants. */
export function isFor(
  rebuild: Rebuild,
  wanted: { readonly version: number; readonly segments: number },
): boolean {
  return rebuild.version === wanted.version && rebuild.segments === wanted.segments;
}

async function remove(manager: EntityManager, name: string): Promise<void> {
  const [rows] = await query<[{ table_names: string[] }[], number]>(manager, deleteRebuild, [name]);
  const [rebuild] = rows;
  if (!rebuild) throw new NoRebuildError(name);
  await dropShadowTables(manager, name, rebuild.table_names);
}

/** A rebuild of another program, or of a projector that was renamed, fills a table of the same name. */
async function checkOtherRebuilds(manager: EntityManager, name: string, tables: string[]): Promise<void> {
  const [other] = await query<{ projection: string; table: string }[]>(manager, findOverlap, [name, tables]);
  if (other) throw sharedTable(name, other.table, other.projection);
}

function sharedTable(name: string, table: string, other: string): RebuildRefusedError {
  return new RebuildRefusedError(
    name,
    `table "${table}" is a table of "${other}" too, whose rows would be dropped`,
    `Give each projector tables of its own, or cancel the rebuild of "${other}".`,
  );
}
