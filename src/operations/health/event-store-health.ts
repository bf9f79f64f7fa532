import { Injectable } from '@nestjs/common';
import { EventStore } from '../../event-sourcing';
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
    const state = await this.store.state();
    if (state?.isReadOnly) return ['read-only'];
    return state?.problem === undefined ? [] : [state.problem];
  }
}
