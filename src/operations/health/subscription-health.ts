import { Injectable } from '@nestjs/common';
import {
  Subscriptions,
  type SubscriptionStatus,
  SubscriptionStatuses,
  SubscriptionWatchdog,
} from '../../event-sourcing';
import { Environment, type HealthCheck, HealthChecks } from '../../platform';

/** What is wrong with the subscriptions, as far as requests to this process would notice. */
@Injectable()
export class SubscriptionHealth implements HealthCheck {
  readonly name = 'subscriptions';

  constructor(
    checks: HealthChecks,
    private readonly subscriptions: Subscriptions,
    private readonly statuses: SubscriptionStatuses,
    private readonly watchdog: SubscriptionWatchdog,
    private readonly environment: Environment,
  ) {
    checks.add(this);
  }

  /** Those that failed in this process at their last try. Asks no database. */
  failing(): string[] {
    return this.subscriptions.failing().map((name) => `failing: ${name}`);
  }

  async problems(): Promise<readonly string[]> {
    return [...this.failing(), ...(await this.behind())];
  }

  /**
   * Read models that are older than the limit, or that have seen more than the log holds. Not those that an operator has
   * paused or whose rebuild makes progress, and no handlers: queries do not depend on how far a handler is.
   */
  private async behind(): Promise<string[]> {
    return (await this.statuses.all())
      .filter(({ kind, paused }) => kind === 'projector' && !paused)
      .flatMap((status) => this.problemOf(status));
  }

  private problemOf(status: SubscriptionStatus): string[] {
    const { name, lagSeconds, checkpoint, head, rebuild } = status;
    if (checkpoint > head) return [`beyond the log: ${name} at ${checkpoint} of ${head}`];
    if (rebuild !== null && !this.watchdog.isRebuildStalled(name)) return [];
    const isOld = lagSeconds > this.environment.READY_LAG_SECONDS;
    return isOld ? [`behind: ${name} by ${Math.round(lagSeconds)} s`] : [];
  }
}
