import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { Position } from '../event-store/event-envelope';
import { ProgressSignal } from '../event-store/progress-signal';
import { DATA_SOURCE } from '../injection-tokens';
import { WantedReadModels } from '../subscriptions/delivery/wanted-read-models';
import { PositionWaiters } from './position-waiters';
import { annals, sql } from '../schema/sql';
import { query } from '../schema/query';

const readCheckpoint = sql`SELECT min(position) AS position FROM ${annals}.subscriptions WHERE name = $1`;

/** How long to sleep before asking again how far another process has projected, in milliseconds. */
const pollMs = 20;

/** Tells how far read models have got, and waits for them. */
@Injectable()
export class ProjectionPositions {
  private readonly underWay = new Map<string, Promise<Position>>();
  private readonly waiting = new Map<string, PositionWaiters>();

  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly projected: ProgressSignal,
    private readonly wanted: WantedReadModels,
  ) {}

  /**
   * Position of the last event that the rows of the projection hold: read it before the rows, and they are at least
   * that fresh; of divided ones, the slowest segment. 0n before the first event. Callers at the same time share one query.
   */
  position(name: string): Promise<Position> {
    const shared = this.underWay.get(name);
    if (shared) return shared;
    const query = this.read(name).finally(() => this.underWay.delete(name));
    this.underWay.set(name, query);
    return query;
  }

  /**
   * Waits until the projection has reached `position`; false when it has not within `timeoutMs`. However many wait for a
   * projection, it is asked once at a time how far it is.
   */
  async waitFor(name: string, position: Position, timeoutMs: number): Promise<boolean> {
    if ((await this.position(name)) >= position) return true;
    if (timeoutMs <= 0) return false;
    const waiters = this.waiting.get(name) ?? this.watch(name);
    return waiters.wait(position, timeoutMs);
  }

  private watch(name: string): PositionWaiters {
    const waiters = new PositionWaiters();
    this.waiting.set(name, waiters);
    void this.tell(name, waiters);
    return waiters;
  }

  /** Until nobody waits any more; the first waits when this looks for the first time. */
  private async tell(name: string, waiters: PositionWaiters): Promise<void> {
    try {
      do {
        const seen = this.projected.count;
        this.wanted.want(name);
        waiters.reached(await this.position(name));
        if (!waiters.isEmpty) await this.projected.wait(seen, pollMs);
      } while (!waiters.isEmpty);
    } catch (error) {
      waiters.fail(error as Error);
    } finally {
      // In the same turn: whoever comes next must not wait where nobody looks.
      this.waiting.delete(name);
    }
  }

  private async read(name: string): Promise<Position> {
    const [row] = await query<{ position: string | null }[]>(this.dataSource, readCheckpoint, [name]);
    return BigInt(row?.position ?? 0);
  }
}
