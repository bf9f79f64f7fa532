import type { DataSource, EntityManager } from 'typeorm';
import { currentMetadata } from '../../messaging/message-context';
import { createSubscription } from '../../subscriptions/create-subscription';
import { Subscribers } from '../../subscriptions/subscribers';
import { Projection } from '../projection';
import { segmentsOf } from '../projection-segment';
import { Projections } from '../projections';
import { tablesOf } from '../tables-of';
import { NoRebuildError, NotAProjectorError, RebuildInProgressError, RebuildRefusedError } from './errors';
import { nextNameOf } from './next-rows';

export interface RebuildOptions {
  /** The new rows wait for an operator before they take over, so that they can be compared. Default: false. */
  readonly isHeld?: boolean;
}

/** The rows of a projection are being made anew. */
export interface Rebuild {
  readonly projection: string;
  readonly version: number;
  readonly segments: number;
  readonly isHeld: boolean;
  readonly startedAt: Date;
}

const insertRebuild = `
  INSERT INTO rebuilds (projection, version, segments, table_names, is_held, actor)
  VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (projection) DO NOTHING RETURNING projection`;

const insertCheckpoints = `
  INSERT INTO subscriptions (name, segment, segments, version, kind)
  SELECT $1, segment, $2, $3, 'projector' FROM generate_series(0, $2 - 1) AS segment`;

const selectRebuilds = `
  SELECT projection, version, segments, is_held AS "isHeld", started_at AS "startedAt" FROM rebuilds ORDER BY projection`;

const hold = 'UPDATE rebuilds SET is_held = $2 WHERE projection = $1 RETURNING projection';

const deleteRebuild = 'DELETE FROM rebuilds WHERE projection = $1 RETURNING table_names';

/** What remains of one in the tables of subscriptions; `$1` is the name of the checkpoint. */
const deleteTraces = [
  'DELETE FROM subscriptions WHERE name = $1',
  'DELETE FROM parked_events WHERE subscription = $1',
  'UPDATE discarded_events SET superseded = true WHERE subscription = $1',
  'DELETE FROM subscription_members WHERE subscription = $1',
];

const findOutdated = `
  SELECT FROM subscriptions WHERE name = $1 AND (version < $2 OR (version = $2 AND segments <> $3)) LIMIT 1`;

/** SQLSTATEs of a table that cannot be copied, is not there, or does not belong to this role. */
const refusals = new Set(['0A000', '42P01', '42501']);

/** Orders and gives up rebuilds of read models, from any process. Those that run subscriptions carry them out. */
export class Rebuilds {
  constructor(
    private readonly dataSource: DataSource,
    private readonly projections: Projections,
    private readonly subscribers: Subscribers,
  ) {}

  /** Those that are under way, of all programs on this database. */
  all(): Promise<readonly Rebuild[]> {
    return this.dataSource.query(selectRebuilds);
  }

  /**
   * Orders that the rows of a projection are made anew for the version of this program. Old rows that an earlier rebuild has
   * left are dropped.
   * @throws UnknownSubscriptionError, NotAProjectorError, RebuildInProgressError, RebuildRefusedError
   */
  async request(name: string, options: RebuildOptions = {}): Promise<void> {
    const projection = this.known(name);
    await this.create(projection);
    const isNew = await this.dataSource
      .transaction((manager) => this.insert(manager, projection, options))
      .catch((error: Error) => Promise.reject(asRefusal(name, error)));
    if (!isNew) throw new RebuildInProgressError(name);
  }

  /** Lets the new rows wait before they take over, or lets them go. @throws NoRebuildError */
  async hold(name: string, isHeld: boolean): Promise<void> {
    const [rows] = await this.dataSource.query<[unknown[], number]>(hold, [this.known(name).name, isHeld]);
    if (rows.length === 0) throw new NoRebuildError(name);
  }

  /** Gives a rebuild up: its tables are dropped, and the rows that are read stay as they are. @throws NoRebuildError */
  async cancel(name: string): Promise<void> {
    this.known(name);
    await this.dataSource.transaction((manager) => remove(manager, name));
  }

  /** Drops the rows that were read before the last rebuild; false when there are none. */
  async dropOld(name: string): Promise<boolean> {
    const tables = tablesOf(this.dataSource, this.known(name));
    const [row] = await this.dataSource.query<{ kept: boolean }[]>(
      `SELECT bool_or(to_regclass(format('projection_old.%I', t)) IS NOT NULL) AS kept FROM unnest($1::text[]) AS t`,
      [tables],
    );
    for (const table of tables) await this.dataSource.query(dropIn('projection_old', table));
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
    const rows = await this.dataSource.query<unknown[]>(findOutdated, [name, version, segments]);
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
    if ((await manager.query<unknown[]>(insertRebuild, values)).length === 0) return false;
    for (const table of tables) {
      await manager.query(dropIn('projection_old', table));
      await manager.query('SELECT make_next_table($1)', [table]);
    }
    await manager.query(insertCheckpoints, [nextNameOf(name), segments, version]);
    return true;
  }

  private async create(projection: Projection): Promise<void> {
    const [first] = segmentsOf(projection);
    if (first) await createSubscription(this.dataSource, first);
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
  const [rows] = await manager.query<[{ table_names: string[] }[], number]>(deleteRebuild, [name]);
  const [rebuild] = rows;
  if (!rebuild) throw new NoRebuildError(name);
  // Tables before checkpoints: in this order the loop that fills them takes its locks.
  for (const table of rebuild.table_names) await manager.query(dropIn('projection_next', table));
  for (const text of deleteTraces) await manager.query(text, [nextNameOf(name)]);
}

function dropIn(schema: 'projection_next' | 'projection_old', table: string): string {
  return `DROP TABLE IF EXISTS ${schema}."${table.replaceAll('"', '""')}"`;
}

function asRefusal(name: string, error: Error): Error {
  const { code } = error as { code?: string };
  return code !== undefined && refusals.has(code) ? new RebuildRefusedError(name, error) : error;
}
