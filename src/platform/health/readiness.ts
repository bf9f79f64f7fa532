import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { isDatabaseUnavailable } from '../../event-sourcing';
import { ApiKeys } from '../auth/api-keys';
import { pendingMigrations } from '../database/pending-migrations';
import { Draining } from '../http/draining';
import { HealthChecks } from './health-checks';

/** By name, `ok` or what is wrong: `process`, `database`, `migrations`, and what other folders add. */
export type Checks = Readonly<Record<string, string>>;

/** Whether this process should get requests, and if not, why. */
@Injectable()
export class Readiness {
  constructor(
    private readonly dataSource: DataSource,
    private readonly others: HealthChecks,
    private readonly draining: Draining,
    private readonly apiKeys: ApiKeys,
  ) {}

  async checks(): Promise<Checks> {
    return { process: this.draining.isStopping ? 'shutting down' : 'ok', ...(await this.database()) };
  }

  private async database(): Promise<Checks> {
    try {
      const pending = await pendingMigrations(this.dataSource);
      if (pending.length === 0)
        return { database: 'ok', migrations: 'ok', ...(await this.others.ask()), ...(await this.keys()) };
      // What else would be asked may need what is pending.
      return { database: 'ok', migrations: `pending: ${pending.join(', ')}`, ...this.others.known() };
    } catch (error) {
      const database = isDatabaseUnavailable(error) ? 'cannot be reached' : 'does not answer as it should';
      return { database, migrations: 'unknown', ...this.others.known() };
    }
  }

  private async keys(): Promise<Checks> {
    const keys = await this.apiKeys.problem();
    return keys === undefined ? {} : { keys };
  }
}
