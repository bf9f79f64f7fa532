import type { DataSource } from 'typeorm';
import { Position } from '../event-store/event-envelope';
import { ProgressSignal } from '../event-store/progress-signal';

const readCheckpoint = 'SELECT min(position) AS position FROM subscriptions WHERE name = $1';

/** How long to sleep before asking again how far another process has projected, in milliseconds. */
const pollMs = 20;

/** Tells how far read models have got, and waits for them. */
export class ProjectionPositions {
  private readonly underWay = new Map<string, Promise<Position>>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly projected: ProgressSignal,
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

  /** Waits until the projection has reached `position`; false when it has not within `timeoutMs`. */
  async waitFor(name: string, position: Position, timeoutMs: number): Promise<boolean> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const seen = this.projected.count;
      if ((await this.position(name)) >= position) return true;
      const left = deadline - Date.now();
      if (left <= 0) return false;
      await this.projected.wait(seen, Math.min(left, pollMs));
    }
  }

  private async read(name: string): Promise<Position> {
    const [row] = await this.dataSource.query<{ position: string | null }[]>(readCheckpoint, [name]);
    return BigInt(row?.position ?? 0);
  }
}
