import type { EntityManager } from 'typeorm';
import { RecordedEvent } from '../event-store/event-envelope';
import { quoted } from '../postgres/identifiers';
import { query } from '../schema/query';
import { shadow, sql } from '../schema/sql';
import { segmentOf } from '../subscriptions/checkpoints/segment-of';
import { Segment, shadowName, Subscriber, WithinTime } from '../subscriptions/subscriber';
import { Projection } from './projection';
import { tablesOf } from './tables-of';

/** Which tables a projection writes: those that queries read, or their shadow tables, which a rebuild fills. */
export type ProjectionTarget = 'live' | 'shadow';

const hideLiveTables = sql`SELECT set_config('search_path', '${shadow}, ' || current_setting('search_path'), true)`;

/** The streams of one segment, projected. */
export class ProjectionSegment implements Subscriber {
  readonly kind = 'projector';
  readonly name: string;
  readonly version: number;
  readonly from: Subscriber['from'];
  readonly eventsPerTransaction = Number.POSITIVE_INFINITY;
  readonly isFlushed: boolean;

  constructor(
    private readonly projection: Projection,
    readonly segment: Segment,
    private readonly target: ProjectionTarget,
  ) {
    const { name, version, definition } = projection;
    this.name = target === 'live' ? name : shadowName(name);
    this.version = version;
    this.isFlushed = definition.flush ?? false;
    this.from = target === 'live' ? 'beginning' : 'never';
  }

  wants({ type, stream }: RecordedEvent): boolean {
    return this.projection.wants(type) && segmentOf(stream, this.segment.count) === this.segment.index;
  }

  async handle(events: Iterable<RecordedEvent>, manager: EntityManager, within?: WithinTime): Promise<void> {
    if (this.target === 'shadow') await query(manager, hideLiveTables);
    await this.lockTables(manager);
    await this.projection.handle(events, manager, within);
  }

  /**
   * Takes at once the locks that its writes need. A rebuild that keeps writers out then meets no transaction that has begun to
   * read: that would wait for the rebuild and be waited for.
   */
  private async lockTables(manager: EntityManager): Promise<void> {
    const tables = tablesOf(manager.dataSource, this.projection).map(quoted);
    if (tables.length > 0) await manager.query(`LOCK TABLE ${tables.join(', ')} IN ROW EXCLUSIVE MODE`);
  }
}

/** One for each segment of the projection. */
export function segmentsOf(projection: Projection, target: ProjectionTarget = 'live'): ProjectionSegment[] {
  const count = projection.segments;
  return Array.from(
    { length: count },
    (_, index) => new ProjectionSegment(projection, { index, count }, target),
  );
}
