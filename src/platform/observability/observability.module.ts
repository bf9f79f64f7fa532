import { Module } from '@nestjs/common';
import { HttpMetrics } from './http-metrics';
import { Metrics } from './metrics';
import { MetricsController } from './metrics.controller';
import { NamedMessages } from './named-messages';
import { RequestObserver } from './request-observer';

/** What the process lets others see of itself: metrics, and a log line for each request. */
@Module({
  controllers: [MetricsController],
  providers: [Metrics, HttpMetrics, RequestObserver, NamedMessages],
  exports: [Metrics],
})
export class ObservabilityModule {}
