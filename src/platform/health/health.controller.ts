import { Controller, Get, HttpCode, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { SkipThrottle } from '@nestjs/throttler';
import type { Response } from 'express';
import { Public } from '../auth/access';
import { Readiness } from './readiness';

@Public()
@SkipThrottle()
@Controller({ path: 'health', version: VERSION_NEUTRAL })
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** Answers while the process can serve; touches nothing else. */
  @Get('live')
  live() {
    return { status: 'ok' };
  }

  @Get('ready')
  @HttpCode(200)
  async ready(@Res({ passthrough: true }) response: Response) {
    const checks = await this.readiness.checks();
    const isReady = Object.values(checks).every((check) => check === 'ok');
    if (!isReady) response.status(503);
    return { status: isReady ? 'ok' : 'unavailable', checks };
  }
}
