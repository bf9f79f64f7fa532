import { Injectable, OnModuleDestroy } from '@nestjs/common';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { appendBatch, appendConflict, claimTaken, EventStore, updateRetry } from '../../event-sourcing';
import { Metrics, secondsBuckets } from '../../platform';

/** What happens to appends in this process. */
@Injectable()
export class AppendMetrics implements OnModuleDestroy {
  private readonly ends: readonly (() => void)[];

  constructor({ registry }: Metrics, store: EventStore) {
    this.ends = [...observeBatches(registry), ...observeRefusals(registry)];
    new Gauge({
      name: 'annals_append_queue_length',
      help: 'Appends that wait for a batch.',
      registers: [registry],
      collect() {
        const load = store.load();
        if (load) this.set(load.waitingAppends);
      },
    });
  }

  onModuleDestroy(): void {
    for (const end of this.ends) end();
  }
}

function observeBatches(registry: Registry): (() => void)[] {
  const registers = [registry];
  const duration = new Histogram({
    name: 'annals_append_batch_duration_seconds',
    help: 'Time of a batch of appends in the database, pauses before it was sent again included.',
    labelNames: ['outcome'],
    buckets: secondsBuckets,
    registers,
  });
  const appends = new Histogram({
    name: 'annals_append_batch_appends',
    help: 'Appends in one batch.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers,
  });
  const events = new Counter({
    name: 'annals_append_events_total',
    help: 'Events in the batches that were sent, those of refused appends included.',
    registers,
  });
  return [
    appendBatch.subscribe((batch) => {
      duration.observe({ outcome: batch.outcome }, batch.milliseconds / 1_000);
      appends.observe(batch.appends);
      events.inc(batch.events);
    }),
  ];
}

function observeRefusals(registry: Registry): (() => void)[] {
  const registers = [registry];
  const conflicts = new Counter({
    name: 'annals_append_conflicts_total',
    help: 'Appends that were refused, because their stream was at another version.',
    registers,
  });
  const claims = new Counter({
    name: 'annals_claims_taken_total',
    help: 'Appends that were refused, because another stream holds a value that they claim.',
    labelNames: ['scope'],
    registers,
  });
  const retries = new Counter({
    name: 'annals_command_retries_total',
    help: 'Updates that lost a race and were decided again.',
    labelNames: ['aggregate_type'],
    registers,
  });
  return [
    appendConflict.subscribe(() => conflicts.inc()),
    claimTaken.subscribe(({ scope }) => claims.inc({ scope })),
    updateRetry.subscribe(({ aggregateType }) => retries.inc({ aggregate_type: aggregateType })),
  ];
}
