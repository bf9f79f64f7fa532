import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EventStore, isDatabaseUnavailable, PostgresEventStore } from '../../event-sourcing';
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
    private readonly store: EventStore,
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
      if (pending.length > 0) {
        // What else would be asked may need what is pending.
        const migrations = `pending: ${pending.join(', ')}`;
        return { process, database: 'ok', migrations, subscriptions: failing.join(', ') || 'unknown' };
      }
      const database = await this.database();
      const wrong = [...failing, ...(await this.subscriptions.behind())];
      return { process, database, migrations: 'ok', subscriptions: wrong.join(', ') || 'ok' };
    } catch (error) {
      const database = isDatabaseUnavailable(error) ? 'cannot be reached' : 'does not answer as it should';
      return { process, database, migrations: 'unknown', subscriptions: failing.join(', ') || 'unknown' };
    }
  }

  /** Asked by the pool that appends: the other one has just answered. */
  private async database(): Promise<Check> {
    if (!(this.store instanceof PostgresEventStore)) return 'ok';
    const { isReadOnly, problem } = await this.store.state();
    return isReadOnly ? 'read-only' : (problem ?? 'ok');
  }
}
