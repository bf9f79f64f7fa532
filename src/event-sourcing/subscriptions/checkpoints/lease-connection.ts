import type { DataSource } from 'typeorm';
import { BoundedPool } from '../../postgres/bounded-pool';
import { poolBeside } from '../../postgres/pool-beside';
import { schemaOf } from '../../schema/query';
import { KernelSql } from '../../schema/sql';

/**
 * The one connection that a process has for its leases. It is not of the pool that handlers use, so that no lease runs out
 * because handlers use up that pool. Its statements run one after the other and never wait for a lock; one that takes too
 * long is given up, and the next one finds a new connection.
 */
export class LeaseConnection {
  private pool: BoundedPool | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly leaseSeconds: number,
  ) {}

  query<R>(name: string, statement: KernelSql, values: unknown[]): Promise<R[]> {
    this.pool ??= this.open();
    return this.pool.run<R>({ name, text: statement(schemaOf(this.dataSource)), values });
  }

  async close(): Promise<void> {
    const { pool } = this;
    this.pool = undefined;
    await pool?.end();
  }

  private open(): BoundedPool {
    const limit = statementLimitMs(this.leaseSeconds);
    return poolBeside(this.dataSource, {
      application_name: `${schemaOf(this.dataSource).name} leases`,
      max: 1,
      statement_timeout: limit,
      query_timeout: limit + answerMs,
      connectionTimeoutMillis: limit,
    });
  }
}

/** How much longer than the server this process waits for an answer, in milliseconds. */
const answerMs = 500;

/** A third of a lease, so that another try comes before the lease has run out; at least a second and at most ten, in milliseconds. */
function statementLimitMs(leaseSeconds: number): number {
  return Math.min(10_000, Math.max(1_000, (leaseSeconds * 1_000) / 3));
}
