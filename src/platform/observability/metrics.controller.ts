import { Controller, Get, Res, VERSION_NEUTRAL } from '@nestjs/common';
import type { Response } from 'express';
import { PublicInDevelopment } from '../auth/access';
import { Metrics } from './metrics';
import { SubscriptionGauges } from './subscription-gauges';

@Controller({ path: 'metrics', version: VERSION_NEUTRAL })
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly gauges: SubscriptionGauges,
  ) {}

  /** For Prometheus. Answers with what this process knows, also while the database is away. */
  @Get()
  @PublicInDevelopment()
  async scrape(@Res() response: Response): Promise<void> {
    await this.gauges.refresh();
    response.setHeader('Content-Type', this.metrics.registry.contentType);
    response.end(await this.metrics.registry.metrics());
  }
}
