import { ExecutionContext, Injectable } from '@nestjs/common';
import { normalizeIp, ThrottlerGuard, type ThrottlerLimitDetail } from '@nestjs/throttler';
import type { Request } from 'express';
import { TooManyRequestsError } from './auth-errors';
import { callerOf } from './caller';

/** What strangers are counted by: their address, or the network of an IPv6 one. */
export function strangerAt({ ip }: Request): string {
  return `address:${normalizeIp(ip ?? '')}`;
}

/**
 * Counts requests per caller, over all routes; strangers by their address, an IPv6 one by its network. Runs before it is
 * decided who may, so that refused requests count too. `@SkipThrottle()` exempts a route. Each process counts for itself.
 */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  protected override getTracker(request: Request): Promise<string> {
    return Promise.resolve(callerOf(request)?.actor ?? strangerAt(request));
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
