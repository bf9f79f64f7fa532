import { Module } from '@nestjs/common';
import { LiveModule } from '../extensions/live';
import { EventStreamsModule, HealthModule, HttpModule, ObservabilityModule } from '../platform';
import { LiveController } from './admin/live.controller';
import { LogController } from './admin/log.controller';
import { SubscriptionsController } from './admin/subscriptions.controller';
import { FeedController } from './feed/feed.controller';
import { FailureMends } from './failure-mends';
import { EventStoreHealth } from './health/event-store-health';
import { SubscriptionHealth } from './health/subscription-health';
import { AppendMetrics } from './metrics/append-metrics';
import { PoolMetrics } from './metrics/pool-metrics';
import { StalledGauge } from './metrics/stalled-gauge';
import { SubscriptionGauges } from './metrics/subscription-gauges';
import { SubscriptionMetrics } from './metrics/subscription-metrics';
import { WorkSpans } from './traces/work-spans';

/** What an operator sees of the log and its subscriptions, and does to them. The commands are in `cli/`. */
@Module({
  imports: [HealthModule, HttpModule, ObservabilityModule, LiveModule, EventStreamsModule],
  controllers: [SubscriptionsController, LogController, LiveController, FeedController],
  providers: [
    AppendMetrics,
    PoolMetrics,
    StalledGauge,
    SubscriptionGauges,
    SubscriptionMetrics,
    WorkSpans,
    FailureMends,
    EventStoreHealth,
    SubscriptionHealth,
  ],
})
export class OperationsModule {}
