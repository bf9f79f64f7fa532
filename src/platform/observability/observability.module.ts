import { Module } from '@nestjs/common';
import { AppendMetrics } from './append-metrics';
import { HttpMetrics } from './http-metrics';
import { Metrics } from './metrics';
import { MetricsController } from './metrics.controller';
import { NamedMessages } from './named-messages';
import { PoolMetrics } from './pool-metrics';
import { RequestObserver } from './request-observer';
import { StalledGauge } from './stalled-gauge';
import { SubscriptionGauges } from './subscription-gauges';
import { SubscriptionMetrics } from './subscription-metrics';
import { WorkSpans } from './work-spans';

/** What the process lets others see of itself: metrics, a log line for each request, and traces where they are wanted. */
@Module({
  controllers: [MetricsController],
  providers: [
    Metrics,
    AppendMetrics,
    HttpMetrics,
    PoolMetrics,
    SubscriptionMetrics,
    SubscriptionGauges,
    StalledGauge,
    RequestObserver,
    NamedMessages,
    WorkSpans,
  ],
})
export class ObservabilityModule {}
