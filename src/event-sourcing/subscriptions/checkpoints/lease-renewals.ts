import { Logger } from '@nestjs/common';
import { LeaseConnection } from './lease-connection';
import { renewLeases } from './lease-statements';
import { labelOf, Segment } from '../subscriber';

interface Kept {
  readonly name: string;
  readonly segment: Segment;
  readonly epoch: bigint;
}

/** Renews all leases of a process, three times in the span of a lease and by one statement. */
export class LeaseRenewals {
  private readonly logger = new Logger(LeaseRenewals.name);
  private readonly kept = new Map<Kept, AbortController>();
  private timer: NodeJS.Timeout | undefined;
  private isUnderWay = false;

  constructor(
    private readonly connection: LeaseConnection,
    private readonly owner: string,
    private readonly leaseSeconds: number,
  ) {}

  /** Renews the lease until the function that it returns is called. `lost` fires when another process has taken it. */
  keep(lease: Kept, lost: AbortController): () => void {
    this.kept.set(lease, lost);
    this.timer ??= setInterval(() => void this.renewKept(), (this.leaseSeconds * 1_000) / 3);
    return () => {
      this.kept.delete(lease);
      if (this.kept.size > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    };
  }

  /** Gives the leases that are no longer this process's. */
  async renew(leases: readonly Kept[]): Promise<readonly Kept[]> {
    const rows = await this.connection.query<{ name: string; segment: number }>('renew-leases', renewLeases, [
      leases.map(({ name }) => name),
      leases.map(({ segment }) => segment.index),
      leases.map(({ epoch }) => epoch),
      this.owner,
      this.leaseSeconds,
    ]);
    const lost = new Set(rows.map(({ name, segment }) => `${name} ${segment}`));
    return leases.filter(({ name, segment }) => lost.has(`${name} ${segment.index}`));
  }

  private async renewKept(): Promise<void> {
    if (this.isUnderWay) return;
    this.isUnderWay = true;
    try {
      for (const lease of await this.renew([...this.kept.keys()])) this.lose(lease);
    } catch (error) {
      this.logger.warn(`The leases of this process were not renewed: ${(error as Error).message}`);
    } finally {
      this.isUnderWay = false;
    }
  }

  /** One that was given back while the statement was under way is not lost. */
  private lose(lease: Kept): void {
    const lost = this.kept.get(lease);
    if (!lost) return;
    this.logger.warn(`"${labelOf(lease)}": the lease was not renewed, another process has taken it.`);
    lost.abort();
  }
}
