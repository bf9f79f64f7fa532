import { ExecutionContext, Injectable } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerLimitDetail } from '@nestjs/throttler';
import type { Request } from 'express';
import { TooManyRequestsError } from './auth-errors';
import { callerOf } from './caller';

/**
 * Counts requests per caller, over all routes; strangers by their address, an IPv6 one by its network. Runs before it is
 * decided who may, so that refused requests count too. `@SkipThrottle()` exempts a route. Each process counts for itself.
 */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  protected override async getTracker(request: Request): Promise<string> {
    return callerOf(request)?.actor ?? `address:${await super.getTracker(request)}`;
  }

  protected override generateKey(_context: ExecutionContext, tracker: string): string {
    return tracker;
  }

  protected override throwThrottlingException(
    _context: ExecutionContext,
    { timeToBlockExpire }: ThrottlerLimitDetail,
  ): Promise<void> {
    return Promise.reject(new TooManyRequestsError(Math.max(1, timeToBlockExpire)));
  }
}
