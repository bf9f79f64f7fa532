import { BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { isDatabaseUnavailable, Subscriptions, SubscriptionStatuses } from '../../event-sourcing';
import { Environment } from '../config/environment';
import { pendingMigrations } from '../database/pending-migrations';

export type Check = 'ok' | (string & {});

/** Whether this process should get requests, and if not, why. */
@Injectable()
export class Readiness implements BeforeApplicationShutdown {
  private isStopping = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly subscriptions: Subscriptions,
    private readonly statuses: SubscriptionStatuses,
    private readonly environment: Environment,
  ) {}

  beforeApplicationShutdown(): void {
    this.isStopping = true;
  }

  async checks(): Promise<Readonly<Record<'process' | 'database' | 'migrations' | 'subscriptions', Check>>> {
    const process = this.isStopping ? 'shutting down' : 'ok';
    const failing = this.subscriptions.failing();
    const failures = failing.map((name) => `failing: ${name}`);
    try {
      const subscriptions = [...failures, ...(await this.behind())].join(', ') || 'ok';
      const pending = await pendingMigrations(this.dataSource);
      const migrations = pending.length === 0 ? 'ok' : `pending: ${pending.join(', ')}`;
      return { process, database: 'ok', migrations, subscriptions };
    } catch (error) {
      const database = isDatabaseUnavailable(error) ? 'cannot be reached' : 'does not answer as it should';
      return { process, database, migrations: 'unknown', subscriptions: failures.join(', ') || 'unknown' };
    }
  }

  /**
   * Read models that are older than the limit. Not those that an operator has paused or that are being made anew, and no
   * handlers: queries do not depend on how far a handler is.
   */
  private async behind(): Promise<string[]> {
    const limit = this.environment.READY_LAG_SECONDS;
    return (await this.statuses.all())
      .filter(({ kind, paused, rebuild }) => kind === 'projector' && !paused && rebuild === null)
      .filter(({ lagSeconds }) => lagSeconds > limit)
      .map(({ name, lagSeconds }) => `behind: ${name} by ${Math.round(lagSeconds)} s`);
  }
}
