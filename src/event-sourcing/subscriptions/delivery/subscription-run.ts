import { Logger } from '@nestjs/common';
import { FairShare } from './fair-share';
import { SubscriptionLoop } from './subscription-loop';

/** Failures in a row after which a process leaves its segments to other processes. */
const failuresUntilUnfit = 3;

/** One subscription in this process: a loop for each of its segments, and this process's share of them. */
export class SubscriptionRun {
  private readonly logger = new Logger(SubscriptionRun.name);
  private readonly refreshMs: number;
  private timer: NodeJS.Timeout | undefined;

  /** `share`: of the segments, where there are several; it lasts as long as a lease unless it is refreshed. */
  constructor(
    readonly name: string,
    private readonly loops: readonly SubscriptionLoop[],
    private readonly share: FairShare | undefined,
    leaseSeconds: number,
  ) {
    this.refreshMs = (leaseSeconds * 1_000) / 3;
  }

  /** Whether one of the loops failed at its last try. */
  get isFailing(): boolean {
    return this.loops.some((loop) => loop.failuresInARow > 0);
  }

  start(): void {
    if (this.share) {
      void this.refresh();
      this.timer = setInterval(() => void this.refresh(), this.refreshMs);
    }
    for (const loop of this.loops) loop.start();
  }

  /** Finishes what is under way, gives the leases back, and leaves the segments to the other processes. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.loops.map((loop) => loop.stop()));
    await this.share?.leave().catch((error: Error) => this.logger.warn(`"${this.name}": ${error.message}`));
  }

  private async refresh(): Promise<void> {
    const isAble = this.loops.every((loop) => loop.failuresInARow < failuresUntilUnfit);
    await this.share
      ?.refresh(isAble)
      .catch((error: Error) =>
        this.logger.warn(`"${this.name}": its processes were not counted: ${error.message}`),
      );
  }
}
