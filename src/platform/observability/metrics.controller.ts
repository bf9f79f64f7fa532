import { Controller, Get, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { PublicInDevelopment } from '../auth/access';
import { Metrics } from './metrics';

@ApiTags('operations')
@Controller({ path: 'metrics', version: VERSION_NEUTRAL })
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  /** For Prometheus. Answers with what this process knows, also while the database is away. */
  @Get()
  @PublicInDevelopment()
  @ApiOperation({ operationId: 'metrics', summary: 'Metrics in the text format of Prometheus' })
  @ApiOkResponse({
    description: 'What this process knows, also while the database is away.',
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  async scrape(@Res() response: Response): Promise<void> {
    const metrics = await this.metrics.scrape();
    response.setHeader('Content-Type', this.metrics.registry.contentType);
    response.end(metrics);
  }
}
