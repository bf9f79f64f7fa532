import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver';
import { BoundedPool, BoundedPoolConfig } from './bounded-pool';

/**
 * A pool of its own to the server of the data source, for work that must not wait for the connections of the data source, or
 * that needs other limits. It has the settings of the data source's pool, except those given here. Its idle connections
 * keep no process alive, and end after `idleTimeoutMillis` (10 seconds by default).
 */
export function poolBeside(dataSource: DataSource, settings: BoundedPoolConfig): BoundedPool {
  const { options } = (dataSource.driver as PostgresDriver).master as Pool;
  const pool = new BoundedPool({
    ...options,
    // The pool hides the password from copies of its options.
    password: options.password,
    min: 0,
    maxWaiting: Number.POSITIVE_INFINITY,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    allowExitOnIdle: true,
    ...settings,
  });
  // An idle connection that is lost is replaced when the next statement comes.
  pool.on('error', () => undefined);
  return pool;
}
