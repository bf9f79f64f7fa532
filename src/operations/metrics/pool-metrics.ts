import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { DataSource } from 'typeorm';
import { EventStore } from '../../event-sourcing';
import { Metrics } from '../../platform';

interface PoolState {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
}

/** The two pools of database connections that this process has, read when they are asked for. */
@Injectable()
export class PoolMetrics {
  constructor(
    { registry }: Metrics,
    private readonly dataSource: DataSource,
    private readonly store: EventStore,
  ) {
    const gauge = (name: string, help: string, member: keyof PoolState): void => {
      const pools = (): Readonly<Record<string, PoolState | undefined>> => this.pools();
      new Gauge({
        name,
        help,
        labelNames: ['pool'],
        registers: [registry],
        collect() {
          for (const [pool, state] of Object.entries(pools())) if (state) this.set({ pool }, state[member]);
        },
      });
    };
    gauge('annals_pg_pool_connections', 'Open connections, used or idle.', 'total');
    gauge('annals_pg_pool_idle_connections', 'Open connections that nobody uses.', 'idle');
    gauge(
      'annals_pg_pool_waiting_requests',
      'Requests for a connection that wait for a free one.',
      'waiting',
    );
  }

  private pools(): Readonly<Record<string, PoolState | undefined>> {
    return {
      event_store: this.store.load()?.connections,
      read_models: readModelPool(this.dataSource),
    };
  }
}

/** TypeORM keeps the pool of `pg` as `master` of its driver. */
function readModelPool({ driver }: DataSource): PoolState | undefined {
  const { master } = driver as unknown as {
    master?: { totalCount: number; idleCount: number; waitingCount: number };
  };
  return master && { total: master.totalCount, idle: master.idleCount, waiting: master.waitingCount };
}
