import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { isDatabaseUnavailable } from '../../event-sourcing';
import { ApiKeys } from '../auth/api-keys';
import { pendingMigrations } from '../database/pending-migrations';
import { Draining } from '../http/draining';
import { SubscriptionHealth } from './subscription-health';

export type Check = 'ok' | (string & {});

export type Checks = Readonly<
  Record<'process' | 'database' | 'migrations' | 'subscriptions', Check> & {
    /** Only while the keys file cannot be read. */
    keys?: Check;
  }
>;

/** Whether this process should get requests, and if not, why. */
@Injectable()
export class Readiness {
  constructor(
    private readonly dataSource: DataSource,
    private readonly subscriptions: SubscriptionHealth,
    private readonly draining: Draining,
    private readonly apiKeys: ApiKeys,
  ) {}

  async checks(): Promise<Checks> {
    const keys = await this.apiKeys.problem();
    const others = await this.othersThanKeys();
    return keys === undefined ? others : { ...others, keys };
  }

  private async othersThanKeys(): Promise<Checks> {
    const process = this.draining.isStopping ? 'shutting down' : 'ok';
    const failing = this.subscriptions.failing();
    try {
      const pending = await pendingMigrations(this.dataSource);
      const migrations = pending.length === 0 ? 'ok' : `pending: ${pending.join(', ')}`;
      const wrong = [...failing, ...(await this.subscriptions.behind())];
      return { process, database: 'ok', migrations, subscriptions: wrong.join(', ') || 'ok' };
    } catch (error) {
      const database = isDatabaseUnavailable(error) ? 'cannot be reached' : 'does not answer as it should';
      return { process, database, migrations: 'unknown', subscriptions: failing.join(', ') || 'unknown' };
    }
  }
}
