import {
  CanActivate,
  type CustomDecorator,
  ExecutionContext,
  Inject,
  Injectable,
  SetMetadata,
} from '@nestjs/common';
import { getStorageToken } from '@nestjs/throttler';
import type { Request } from 'express';
import { TooManyRequestsError } from './auth-errors';
import { callerOf } from './caller';
import { RequestCounts } from './request-counts';

const TELLS_OF_OTHERS = 'annals:tells-of-others';

/** So many answers that tell of others in so long, for a caller who may see one user only. */
const limit = 30;
const windowMs = 600_000;

/**
 * The answers of this route tell whether a value of another user exists (`email-taken`). A caller with `users:self` alone, who
 * may not see other users, gets few of them.
 */
export function TellsOfOthers(): CustomDecorator {
  return SetMetadata(TELLS_OF_OTHERS, true);
}

/** Counts what `@TellsOfOthers()` marks, behind the decision who may: a refused request tells nothing of others. */
@Injectable()
export class ProbesGuard implements CanActivate {
  constructor(@Inject(getStorageToken()) private readonly counts: RequestCounts) {}

  /** @throws TooManyRequestsError */
  async canActivate(context: ExecutionContext): Promise<true> {
    if (Reflect.getMetadata(TELLS_OF_OTHERS, context.getHandler()) !== true) return true;
    const caller = callerOf(context.switchToHttp().getRequest<Request>());
    if (!caller?.roles.has('users:self') || caller.roles.has('users:write')) return true;
    const counted = await this.counts.increment(caller.actor, windowMs, limit, windowMs, 'probes');
    if (counted.isBlocked) throw new TooManyRequestsError(counted.timeToBlockExpire);
    return true;
  }
}
