import { Logger } from '@nestjs/common';
import { EventStoreClosedError, type ProjectionContext } from '../../../src/event-sourcing';
import { segmentOf } from '../../../src/event-sourcing/subscriptions/checkpoints/segment-of';
import { Metrics } from '../../../src/platform/observability/metrics';
import { SubscriptionGauges } from '../../../src/operations/metrics/subscription-gauges';
import { SubscriptionMetrics } from '../../../src/operations/metrics/subscription-metrics';
import { waitUntil } from '../../support/wait-until';
import { startTallies, TallySystem } from './tally';

const segmentIn = (id: string) => segmentOf({ type: 'Tally', id }, 4);

describe('the metrics of subscriptions', () => {
  let system: TallySystem;
  let metrics: Metrics;
  let counters: SubscriptionMetrics;
  let gauges: SubscriptionGauges;

  beforeEach(async () => {
    for (const level of ['log', 'warn', 'error'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation();
    system = await startTallies([], { pool: 1, held: 1 });
    metrics = new Metrics();
    counters = new SubscriptionMetrics(metrics);
    gauges = new SubscriptionGauges(metrics, counters, system.statuses);
  });

  afterEach(async () => {
    counters.onModuleDestroy();
    await system.close();
    jest.restoreAllMocks();
  });

  interface Value {
    readonly labels: Partial<Record<string, string | number>>;
    readonly value: number;
    readonly metricName?: string;
  }

  /** The values of `tallies`; of a histogram, how often it was observed. */
  async function valuesOf(name: string): Promise<readonly Value[]> {
    await gauges.refresh();
    const metric = await metrics.registry.getSingleMetric(`annals_${name}`)?.get();
    const values: readonly Value[] = metric?.values ?? [];
    return values.filter(
      ({ labels, metricName = '' }) =>
        labels.subscription === 'tallies' && !/_(bucket|sum)$/.test(metricName),
    );
  }

  /** By segment. */
  async function bySegment(name: string, change?: string): Promise<readonly number[]> {
    const values = (await valuesOf(name)).filter(({ labels }) => labels.change === change);
    return values
      .sort((a, b) => Number(a.labels.segment) - Number(b.labels.segment))
      .map(({ value }) => value);
  }

  const becomes = (name: string, wanted: readonly number[]) =>
    waitUntil(async () => (await bySegment(name)).join() === wanted.join());

  it('tell the segments apart', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const afterRow = async ({ recorded: { stream } }: ProjectionContext) => {
      if (stream.id === 'bad') throw new Error('poison');
      if (stream.id === 'slow') await held;
    };
    const only = (id: string, value: number) => [0, 1, 2, 3].map((n) => (n === segmentIn(id) ? value : 0));
    expect(segmentIn('bad')).not.toBe(segmentIn('slow'));
    await system.count('bad', 1);
    await system.count('slow', 1, 1);
    system.loop('one', { segments: 4, maxAttempts: 2, retryDelayMs: 10, meddling: { afterRow } }).start();
    await becomes('subscription_parked_total', only('bad', 1));
    await becomes('subscription_lag_events', only('slow', 3));
    await becomes('subscription_parked_events', only('bad', 1));
    expect(await bySegment('subscription_set_aside_total')).toEqual(only('bad', 1));
    expect(await bySegment('subscription_retries_total')).toEqual(only('bad', 1));
    expect((await bySegment('subscription_lag_seconds')).map((seconds) => seconds > 0)).toEqual(
      only('slow', 1).map(Boolean),
    );
    expect(await bySegment('subscription_lease_changes_total', 'taken')).toEqual([1, 1, 1, 1]);
    expect(await bySegment('subscription_events_total')).toEqual(only('slow', 3).map((left) => 3 - left));
    expect(await bySegment('subscription_failures_total')).toEqual([0, 0, 0, 0]);
    release();
    await becomes('subscription_events_total', [3, 3, 3, 3]);
    expect(await bySegment('subscription_batch_duration_seconds')).toEqual([1, 1, 1, 1]);
  });

  it('tell how far a rebuild is, and nothing once it is over', async () => {
    for (const stream of ['a', 'b', 'c', 'd']) await system.count(stream, 1);
    // The shadow tables are swapped in no earlier than they are as far as the live ones.
    system.loop('live').start();
    expect(await system.positions.waitFor('tallies', 4n, 20_000)).toBe(true);
    let isCut = true;
    // As if the process ended in the middle: no fault of an event.
    const afterRow = ({ recorded }: ProjectionContext) => {
      if (isCut && recorded.position === 4n) throw new EventStoreClosedError();
    };
    const { orders, runner } = system.rebuilding('one', { batchSize: 1, meddling: { afterRow } });
    await orders.request('tallies');
    runner.start();
    const values = async (name: string) => (await valuesOf(name)).map(({ value }) => value);
    await waitUntil(async () => (await values('rebuild_events')).join() === '3');
    expect(await values('rebuild_head_events')).toEqual([4]);
    const [rate] = await values('rebuild_events_per_second');
    expect(rate).toBeGreaterThan(0);
    isCut = false;
    await waitUntil(async () => (await values('rebuild_events')).length === 0);
    expect(await values('rebuild_head_events')).toEqual([]);
    expect(await values('rebuild_events_per_second')).toEqual([]);
  });

  it('tell what a rebuild has set aside, and waits for', async () => {
    for (const stream of ['a', 'bad', 'c']) await system.count(stream, 1);
    system.loop('live').start();
    expect(await system.positions.waitFor('tallies', 3n, 20_000)).toBe(true);
    let isMended = false;
    const afterRow = ({ recorded: { stream } }: ProjectionContext) => {
      if (!isMended && stream.id === 'bad') throw new Error('poison');
    };
    const { orders, runner } = system.rebuilding('one', {
      maxAttempts: 2,
      retryDelayMs: 10,
      meddling: { afterRow },
    });
    await orders.request('tallies');
    runner.start();
    const values = async (name: string) => (await valuesOf(name)).map(({ value }) => value);
    await waitUntil(async () => (await values('rebuild_parked_events')).join() === '1');
    await becomes('subscription_parked_events', [0]);
    await waitUntil(async () => (await system.control.parked('tallies@next'))[0]?.state === 'parked');
    isMended = true;
    await system.control.retry('tallies@next', 2n);
    await waitUntil(async () => (await values('rebuild_parked_events')).length === 0);
    expect((await system.statuses.all())[0]).toMatchObject({ parkedCount: 0, rebuild: null });
  });
});
