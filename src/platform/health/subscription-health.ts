import { Injectable } from '@nestjs/common';
import { Subscriptions, SubscriptionStatuses } from '../../event-sourcing';
import { Environment } from '../config/environment';

/** What is wrong with the subscriptions, as far as requests to this process would notice. */
@Injectable()
export class SubscriptionHealth {
  constructor(
    private readonly subscriptions: Subscriptions,
    private readonly statuses: SubscriptionStatuses,
    private readonly environment: Environment,
  ) {}

  /** Those that failed in this process at their last try. Asks no database. */
  failing(): string[] {
    return this.subscriptions.failing().map((name) => `failing: ${name}`);
  }

  /**
   * Read models that are older than the limit. Not those that an operator has paused or that are being made anew, and no
   * handlers: queries do not depend on how far a handler is.
   */
  async behind(): Promise<string[]> {
    const limit = this.environment.READY_LAG_SECONDS;
    return (await this.statuses.all())
      .filter(({ kind, paused, rebuild }) => kind === 'projector' && !paused && rebuild === null)
      .filter(({ lagSeconds }) => lagSeconds > limit)
      .map(({ name, lagSeconds }) => `behind: ${name} by ${Math.round(lagSeconds)} s`);
  }
}
