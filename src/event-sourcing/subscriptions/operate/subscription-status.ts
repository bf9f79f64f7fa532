import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { Position } from '../../event-store/event-envelope';
import { EventStore } from '../../event-store/event-store';
import { headElsewhere } from '../../event-store/postgres/read-head';
import { LogAges } from '../../log/log-ages';
import { selectStatus, StatusRow } from './select-status';
import { statusOf, SubscriptionStatus } from './status-of-rows';
import { shadowName, shadowSuffix } from '../subscriber';
import { Subscribers } from '../../subscribers';
import { DATA_SOURCE } from '../../injection-tokens';
import { query } from '../../schema/query';

/** How the subscriptions of the application stand, whichever process runs them. */
@Injectable()
export class SubscriptionStatuses {
  private readonly ages = new LogAges();

  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly subscribers: Subscribers,
    private readonly store: EventStore,
  ) {}

  /** Those that a process has run at least once. */
  async all(): Promise<readonly SubscriptionStatus[]> {
    const names = this.subscribers.names();
    const withRebuilds = names.flatMap((name) => [name, shadowName(name)]);
    const began = performance.now();
    const values = [withRebuilds, shadowSuffix, await headElsewhere(this.store)];
    const rows = await query<StatusRow[]>(this.dataSource, selectStatus, values);
    const now = performance.now();
    const [any] = rows;
    if (any) this.ages.observe(BigInt(any.head), began, now);
    const ageOf = (position: Position, stamped: number): number => this.ages.age(position, stamped, now);
    const of = (name: string): StatusRow[] => rows.filter((row) => row.name === name);
    return [...names].sort().flatMap((name) => {
      const [first, ...others] = of(name);
      return first ? [statusOf([first, ...others], of(shadowName(name)), ageOf)] : [];
    });
  }
}
