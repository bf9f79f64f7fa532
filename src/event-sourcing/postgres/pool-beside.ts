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
  const master = (dataSource.driver as PostgresDriver).master as Pool;
  const pool = new BoundedPool({
    ...configOf(master),
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

function configOf(pool: Pool): BoundedPoolConfig {
  if (pool instanceof BoundedPool) return pool.config;
  // The pool hides the password from copies of its options.
  return { ...pool.options, password: pool.options.password };
}
