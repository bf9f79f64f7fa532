import { BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { isDatabaseUnavailable } from '../../event-sourcing';
import { pendingMigrations } from '../database/pending-migrations';

export type Check = 'ok' | (string & {});

/** Whether this process should get requests, and if not, why. */
@Injectable()
export class Readiness implements BeforeApplicationShutdown {
  private isStopping = false;

  constructor(private readonly dataSource: DataSource) {}

  beforeApplicationShutdown(): void {
    this.isStopping = true;
  }

  async checks(): Promise<Readonly<Record<'process' | 'database' | 'migrations', Check>>> {
    const process = this.isStopping ? 'shutting down' : 'ok';
    try {
      const pending = await pendingMigrations(this.dataSource);
      const migrations = pending.length === 0 ? 'ok' : `pending: ${pending.join(', ')}`;
      return { process, database: 'ok', migrations };
    } catch (error) {
      const database = isDatabaseUnavailable(error) ? 'cannot be reached' : 'does not answer as it should';
      return { process, database, migrations: 'unknown' };
    }
  }
}
