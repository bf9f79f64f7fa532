import { Inject, Injectable, Logger } from '@nestjs/common';
import { SETTINGS } from '../../injection-tokens';
import { Position } from '../../event-store/event-envelope';
import type { SubscriptionSettings } from '../subscription-settings';
import { RebuildProgress, SubscriptionStatus } from './status-of-rows';
import { shadowName } from '../subscriber';
import { SubscriptionStatuses } from './subscription-status';

/** What is judged: a subscription, or a rebuild of its rows. */
interface Judged {
  readonly name: string;
  readonly state: string;
  readonly checkpoint: Position;
  readonly lagEvents: bigint;
  readonly owner: string | null;
  readonly failure: string | null;
  /** Whether it has nothing to do, or is not to do it. */
  readonly isAtRest: boolean;
  /** Said when nothing else explains why it stands still. */
  readonly suspicion: string;
}

/** How often a subscription is looked at before it counts as stalled. */
const looksPerStall = 12;

interface Seen {
  readonly checkpoint: Position;
  readonly owner: string | null;
  readonly since: number;
  readonly isStalled: boolean;
}

/**
 * Looks from outside the loops whether they move: a handler that hangs, a lease that nobody takes, and a loop that fails
 * over and over all look the same from here. Says so once, and once more when it is over.
 */
@Injectable()
export class SubscriptionWatchdog {
  private readonly logger = new Logger(SubscriptionWatchdog.name);
  private readonly seen = new Map<string, Seen>();
  private timer: NodeJS.Timeout | undefined;
  private isLooking = false;

  constructor(
    @Inject(SubscriptionStatuses) private readonly statuses: Pick<SubscriptionStatuses, 'all'>,
    @Inject(SETTINGS) private readonly settings: Pick<SubscriptionSettings, 'stalledAfterMs'>,
  ) {}

  /**
   * Subscriptions that make no progress although events wait, whichever process runs them. Rebuilds are among them, as
   * `users@next`: also one whose shadow tables are complete and not swapped in.
   */
  stalled(): readonly string[] {
    return [...this.seen].filter(([, { isStalled }]) => isStalled).map(([name]) => name);
  }

  /** Those of them that a process runs. */
  stalledIn(owner: string): readonly string[] {
    return this.stalled().filter((name) => this.seen.get(name)?.owner?.split(', ').includes(owner));
  }

  /** Whether a rebuild of the projection is ordered, and makes no progress. */
  isRebuildStalled(projection: string): boolean {
    return this.seen.get(shadowName(projection))?.isStalled ?? false;
  }

  start(): void {
    this.timer ??= setInterval(() => void this.lookOnce(), this.settings.stalledAfterMs / looksPerStall);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async lookOnce(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      const judged = (await this.statuses.all()).flatMap(subscriptionAndRebuild);
      const names = new Set(judged.map(({ name }) => name));
      for (const name of this.seen.keys()) if (!names.has(name)) this.seen.delete(name);
      for (const status of judged) this.judge(status, performance.now());
    } catch {
      // The database is away: then the loops say so, and nothing can be judged.
      this.seen.clear();
    } finally {
      this.isLooking = false;
    }
  }

  private judge(status: Judged, now: number): void {
    const { name, checkpoint, owner } = status;
    const before = this.seen.get(name);
    if (!before || status.isAtRest || before.checkpoint !== checkpoint) {
      this.seen.set(name, { checkpoint, owner, since: now, isStalled: false });
      if (before?.isStalled) this.logger.log(`"${name}" goes on, after it made no progress.`);
      return;
    }
    const isStalled = now - before.since >= this.settings.stalledAfterMs;
    this.seen.set(name, { ...before, owner, isStalled });
    if (!isStalled || before.isStalled) return;
    this.logger.error(
      `"${name}" has made no progress for ${Math.round((now - before.since) / 1_000)} s at position ${checkpoint}` +
        `${waiting(status)}. ${causeOf(status)}`,
    );
  }
}

function subscriptionAndRebuild(status: SubscriptionStatus): readonly Judged[] {
  const { paused, lagEvents, rebuild, name, state, owner } = status;
  const suspicion = `It is ${state} in ${owner}, whose handler may hang.`;
  const subscription = { ...status, isAtRest: paused || (lagEvents === 0n && state !== 'failed'), suspicion };
  return rebuild ? [subscription, judgedRebuild(name, rebuild)] : [subscription];
}

/** A rebuild that is complete is at rest while an operator holds it; else it is to be swapped in. */
function judgedRebuild(of: string, rebuild: RebuildProgress): Judged {
  const { paused, lagEvents, isHeld, owner, parkedCount } = rebuild;
  const hangs = `Its shadow tables are filled in ${owner}, whose handler may hang.`;
  const waits = parkedCount > 0 ? `It waits for ${parkedCount} events that it has set aside.` : undefined;
  const cannotSwap =
    lagEvents === 0n
      ? 'Its shadow tables are complete, but cannot be swapped in: long queries may be in the way.'
      : hangs;
  return {
    ...rebuild,
    name: shadowName(of),
    isAtRest: paused || (isHeld && lagEvents === 0n && parkedCount === 0),
    suspicion: waits ?? cannotSwap,
  };
}

function waiting({ lagEvents }: Judged): string {
  return lagEvents === 0n ? '' : `, although ${lagEvents} events wait`;
}

function causeOf({ failure, owner, suspicion }: Judged): string {
  if (failure !== null) return `It fails: ${failure}`;
  if (owner === null) return 'No process runs it. Start one of its version, with subscriptions enabled.';
  return suspicion;
}
