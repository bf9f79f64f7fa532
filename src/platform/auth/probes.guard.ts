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
import { AccessOfRoutes } from './access-of-routes';
import { type Caller, callerOf } from './caller';
import { DeclaredRoles } from './roles';
import { RequestCounts } from './request-counts';

const TELLS_OF_OTHERS = 'annals:tells-of-others';

/** So many answers that tell of others in so long, for a caller who may see only what is its own. */
const limit = 30;
const windowMs = 600_000;

/**
 * The answers of this route tell whether a value of another resource exists: it is taken. A caller whom only a role for its
 * own lets in, and who may not see what is of others, gets few of them.
 */
export function TellsOfOthers(): CustomDecorator {
  return SetMetadata(TELLS_OF_OTHERS, true);
}

/** Counts what `@TellsOfOthers()` marks, behind the decision who may: a refused request tells nothing of others. */
@Injectable()
export class ProbesGuard implements CanActivate {
  constructor(
    @Inject(getStorageToken()) private readonly counts: RequestCounts,
    private readonly access: AccessOfRoutes,
    private readonly declared: DeclaredRoles,
  ) {}

  /** @throws TooManyRequestsError */
  async canActivate(context: ExecutionContext): Promise<true> {
    if (Reflect.getMetadata(TELLS_OF_OTHERS, context.getHandler()) !== true) return true;
    const caller = callerOf(context.switchToHttp().getRequest<Request>());
    if (caller === undefined || this.maySeeOthers(caller, context)) return true;
    const counted = await this.counts.increment(caller.actor, windowMs, limit, windowMs, 'probes');
    if (counted.isBlocked) throw new TooManyRequestsError(counted.timeToBlockExpire);
    return true;
  }

  private maySeeOthers({ roles }: Caller, context: ExecutionContext): boolean {
    const access = this.access.of(context.getHandler(), context.getClass());
    if (access?.kind !== 'roles') return true;
    return access.roles.some((role) => roles.has(role) && !this.declared.isOwn(role));
  }
}
