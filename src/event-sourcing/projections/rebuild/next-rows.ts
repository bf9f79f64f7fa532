import type { EntityManager } from 'typeorm';
import { RecordedEvent } from '../../event-store/event-envelope';
import { rebuildSuffix, Subscriber, WithinTime } from '../../subscriptions/subscriber';
import { Projection } from '../projection';
import { ProjectionSegment, segmentsOf } from '../projection-segment';

/** Names the checkpoint of the rows that are being made anew. */
export function nextNameOf(projection: string): string {
  return projection + rebuildSuffix;
}

const hideLiveTables =
  "SELECT set_config('search_path', 'projection_next, ' || current_setting('search_path'), true)";

/** Until the transaction ends, the tables of read models that are being made anew stand before the live ones. */
export async function writeToNextTables(manager: EntityManager): Promise<void> {
  await manager.query(hideLiveTables);
}

/** One segment of rows that are being made anew: the same projector, writing to the next tables. */
export class NextRows implements Subscriber {
  readonly kind = 'projector';
  readonly from = 'never';
  readonly eventsPerTransaction = Number.POSITIVE_INFINITY;

  constructor(private readonly live: ProjectionSegment) {}

  get name(): string {
    return nextNameOf(this.live.name);
  }

  get version(): number {
    return this.live.version;
  }

  get segment(): Subscriber['segment'] {
    return this.live.segment;
  }

  wants(event: RecordedEvent): boolean {
    return this.live.wants(event);
  }

  async prepare(manager: EntityManager): Promise<void> {
    await writeToNextTables(manager);
    await this.live.prepare(manager);
  }

  handle(events: Iterable<RecordedEvent>, manager: EntityManager, within?: WithinTime): Promise<void> {
    return this.live.handle(events, manager, within);
  }
}

export function nextRowsOf(projection: Projection): NextRows[] {
  return segmentsOf(projection).map((segment) => new NextRows(segment));
}
