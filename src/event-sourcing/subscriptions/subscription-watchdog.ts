import { Logger } from '@nestjs/common';
import { Position } from '../event-store/event-envelope';
import { SubscriptionStatus, SubscriptionStatuses } from './subscription-status';

export interface WatchdogSettings {
  /** How long a subscription may make no progress although events wait, in milliseconds. */
  readonly stalledAfterMs: number;
  /** How often to look, in milliseconds. */
  readonly watchMs: number;
}

interface Seen {
  readonly checkpoint: Position;
  readonly since: number;
  readonly isStalled: boolean;
}

/**
 * Looks from outside the loops whether they move: a handler that hangs, a lease that nobody takes, and a loop that fails
 * over and over all look the same from here. Says so once, and once more when it is over.
 */
export class SubscriptionWatchdog {
  private readonly logger = new Logger(SubscriptionWatchdog.name);
  private readonly seen = new Map<string, Seen>();
  private timer: NodeJS.Timeout | undefined;
  private isLooking = false;

  constructor(
    private readonly statuses: Pick<SubscriptionStatuses, 'all'>,
    private readonly settings: WatchdogSettings,
  ) {}

  /** Subscriptions that make no progress although events wait, whichever process runs them. */
  stalled(): readonly string[] {
    return [...this.seen].filter(([, { isStalled }]) => isStalled).map(([name]) => name);
  }

  start(): void {
    this.timer ??= setInterval(() => void this.lookOnce(), this.settings.watchMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async lookOnce(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      for (const status of await this.statuses.all()) this.judge(status, Date.now());
    } catch {
      // The database is away: then the loops say so, and nothing can be judged.
      this.seen.clear();
    } finally {
      this.isLooking = false;
    }
  }

  private judge(status: SubscriptionStatus, now: number): void {
    const { name, checkpoint } = status;
    const before = this.seen.get(name);
    if (!before || isMoving(status, before)) {
      this.seen.set(name, { checkpoint, since: now, isStalled: false });
      if (before?.isStalled) this.logger.log(`"${name}" goes on, after it made no progress.`);
    } else if (!before.isStalled && now - before.since >= this.settings.stalledAfterMs) {
      this.seen.set(name, { ...before, isStalled: true });
      this.logger.error(
        `"${name}" has made no progress for ${Math.round((now - before.since) / 1_000)} s at position ${checkpoint}, although ` +
          `${status.lagEvents} events wait. ${causeOf(status)} See docs/how-to/operate.md.`,
      );
    }
  }
}

/** Or has nothing to do, or is not to do it. */
function isMoving({ paused, lagEvents, checkpoint }: SubscriptionStatus, before: Seen): boolean {
  return paused || lagEvents === 0n || before.checkpoint !== checkpoint;
}

function causeOf({ failure, owner, state }: SubscriptionStatus): string {
  if (failure !== null) return `It fails: ${failure}`;
  if (owner === null)
    return 'No process runs it: is one up with SUBSCRIPTIONS_ENABLED=true, and of its version?';
  return `It is ${state} in ${owner}, whose handler may hang.`;
}
