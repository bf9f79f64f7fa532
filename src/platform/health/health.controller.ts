import { Controller, Get, HttpCode, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { SkipThrottle } from '@nestjs/throttler';
import type { Response } from 'express';
import { Public } from '../auth/access';
import { ApiRoute } from '../openapi/api-route';
import { LiveResponse, ReadyResponse } from './health-responses';
import { Readiness } from './readiness';

@Public()
@SkipThrottle()
@ApiTags('operations')
@Controller({ path: 'health', version: VERSION_NEUTRAL })
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** Answers while the process can serve; touches nothing else. */
  @Get('live')
  @ApiRoute('live', { summary: 'Whether the process can serve', answer: LiveResponse, says: 'It can.' })
  live(): LiveResponse {
    return { status: 'ok' };
  }

  @Get('ready')
  @HttpCode(200)
  @ApiRoute('ready', {
    summary: 'Whether the process should get requests',
    answer: ReadyResponse,
    says: 'It should.',
  })
  @ApiResponse({ status: 503, type: ReadyResponse, description: 'It should not; `checks` says why.' })
  async ready(@Res({ passthrough: true }) response: Response): Promise<ReadyResponse> {
    const checks = await this.readiness.checks();
    const isReady = Object.values(checks).every((check) => check === 'ok');
    if (!isReady) response.status(503);
    return { status: isReady ? 'ok' : 'unavailable', checks };
  }
}
