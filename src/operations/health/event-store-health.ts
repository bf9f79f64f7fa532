import { Injectable } from '@nestjs/common';
import { EventStore, PostgresEventStore } from '../../event-sourcing';
import { type HealthCheck, HealthChecks } from '../../platform';

/** Whether the database takes appends. Asked by the pool that appends: readiness itself asks the other one. */
@Injectable()
export class EventStoreHealth implements HealthCheck {
  readonly name = 'database';

  constructor(
    checks: HealthChecks,
    private readonly store: EventStore,
  ) {
    checks.add(this);
  }

  async problems(): Promise<readonly string[]> {
    if (!(this.store instanceof PostgresEventStore)) return [];
    const { isReadOnly, problem } = await this.store.state();
    if (isReadOnly) return ['read-only'];
    return problem === undefined ? [] : [problem];
  }
}
