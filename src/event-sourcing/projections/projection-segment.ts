import type { EntityManager } from 'typeorm';
import { RecordedEvent } from '../event-store/event-envelope';
import { segmentOf } from '../subscriptions/checkpoints/segment-of';
import { Segment, Subscriber, WithinTime } from '../subscriptions/subscriber';
import { quoted } from '../postgres/identifiers';
import { Projection } from './projection';
import { tablesOf } from './tables-of';

/** The streams of one segment, projected. */
export class ProjectionSegment implements Subscriber {
  readonly kind = 'projector';
  readonly from: Subscriber['from'] = 'beginning';
  readonly eventsPerTransaction = Number.POSITIVE_INFINITY;

  constructor(
    readonly projection: Projection,
    readonly segment: Segment,
  ) {}

  get name(): string {
    return this.projection.name;
  }

  get version(): number {
    return this.projection.version;
  }

  wants({ type, stream }: RecordedEvent): boolean {
    return this.projection.wants(type) && segmentOf(stream, this.segment.count) === this.segment.index;
  }

  /**
   * Takes at once the locks that its writes need. A rebuild that keeps writers out then meets none that has begun to read: such a
   * one would wait for the rebuild and be waited for.
   */
  async prepare(manager: EntityManager): Promise<void> {
    const tables = tablesOf(manager.dataSource, this.projection).map(quoted);
    if (tables.length > 0) await manager.query(`LOCK TABLE ${tables.join(', ')} IN ROW EXCLUSIVE MODE`);
  }

  handle(events: Iterable<RecordedEvent>, manager: EntityManager, within?: WithinTime): Promise<void> {
    return this.projection.handle(events, manager, within);
  }
}

export function segmentsOf(projection: Projection): ProjectionSegment[] {
  const count = projection.segments;
  return Array.from({ length: count }, (_, index) => new ProjectionSegment(projection, { index, count }));
}
