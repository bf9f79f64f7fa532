import { Inject, Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { largestOf } from '../bigints';
import { Position, RecordedEvent } from '../event-store/event-envelope';
import { EventStore } from '../event-store/event-store';
import { inSnapshot } from '../postgres/in-snapshot';
import { BeyondLogError } from '../log/contiguous';
import { LogPages } from '../log/log-pages';
import { segmentOf } from '../subscriptions/checkpoints/segment-of';
import { quoted } from '../postgres/identifiers';
import { DATA_SOURCE } from '../injection-tokens';
import { compareTables } from './compare-tables';
import { FoldParts } from './fold-parts';
import { liveName } from './live-name';
import { Projection } from './projection';
import { tablesOf } from './tables-of';
import { hideBehindTemporary } from './temporary-tables';
import { annals, sql } from '../schema/sql';
import { query } from '../schema/query';

/** A row that the read model has and a fresh fold has not, or the other way round. */
export interface RowDifference {
  readonly table: string;
  readonly side: 'only in the read model' | 'only in a fresh fold';
  readonly row: Readonly<Record<string, unknown>>;
}

export interface FoldComparison {
  /** The checkpoint up to which both were compared; with segments, the highest of them. */
  readonly position: Position;
  /** Events that the read model does not hold because they are set aside, or were discarded: the fold leaves them out too. */
  readonly leftOut: number;
  /** The first differences, at most 20 a table and side. */
  readonly differences: readonly RowDifference[];
}

const readCheckpoints = sql`SELECT position FROM ${annals}.subscriptions WHERE name = $1 ORDER BY segment`;

const selectLeftOut = sql`
  SELECT position FROM ${annals}.parked_events WHERE subscription = $1
  UNION SELECT position FROM ${annals}.discarded_events WHERE subscription = $1 AND NOT superseded`;

/** What the rows hold: the events of each segment up to its checkpoint, without those that are left out. */
interface Extent {
  readonly checkpoints: readonly Position[];
  readonly leftOut: ReadonlySet<Position>;
}

/**
 * Proves that a read model is the fold of the log: projects the log again into temporary tables, which hide the real ones
 * from the projector, in other batches than the projector's, and compares. It sees one snapshot, so the service may go on
 * meanwhile, and it never commits.
 */
@Injectable()
export class ProjectionFold {
  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly store: EventStore,
  ) {}

  async compare(
    projection: Projection,
    onProgress: (done: Position) => void = () => {},
  ): Promise<FoldComparison> {
    const tables = tablesOf(this.dataSource, projection);
    return inSnapshot(this.dataSource, async (manager) => {
      const extent = await readExtent(manager, projection.name);
      for (const table of tables) await hideBehindTemporary(manager, table);
      const position = largestOf(extent.checkpoints);
      const parts = new FoldParts();
      await this.foldUpTo(position, async (events) => {
        const inside = events.filter((event) => isInside(event, extent));
        for (const part of parts.of(inside)) await projection.handle(part, manager);
        const done = events.at(-1)?.position ?? 0n;
        onProgress(done < position ? done : position);
      });
      const differences = [];
      for (const table of tables) differences.push(...(await compareTable(manager, table)));
      return { position, leftOut: extent.leftOut.size, differences };
    });
  }

  private async foldUpTo(
    position: Position,
    apply: (events: readonly RecordedEvent[]) => Promise<void>,
  ): Promise<void> {
    const log = new LogPages(this.store, 1_000);
    for (let after = 0n; after < position;) {
      const events = await log.after(after);
      if (events.length === 0) throw new BeyondLogError(position, after);
      await apply(events);
      after += BigInt(events.length);
    }
  }
}

async function readExtent(manager: EntityManager, name: string): Promise<Extent> {
  const rows = await query<{ position: string }[]>(manager, readCheckpoints, [name]);
  const leftOut = await query<{ position: string }[]>(manager, selectLeftOut, [name]);
  return {
    checkpoints: rows.map((row) => BigInt(row.position)),
    leftOut: new Set(leftOut.map((row) => BigInt(row.position))),
  };
}

function isInside({ stream, position }: RecordedEvent, { checkpoints, leftOut }: Extent): boolean {
  const checkpoint = checkpoints[segmentOf(stream, checkpoints.length)] ?? 0n;
  return position <= checkpoint && !leftOut.has(position);
}

async function compareTable(manager: EntityManager, table: string): Promise<RowDifference[]> {
  const live = await liveName(manager, table);
  const { onlyLeft, onlyRight } = await compareTables(manager, table, live, `pg_temp.${quoted(table)}`);
  return [
    ...onlyLeft.map((row) => ({ table, side: 'only in the read model' as const, row })),
    ...onlyRight.map((row) => ({ table, side: 'only in a fresh fold' as const, row })),
  ];
}
