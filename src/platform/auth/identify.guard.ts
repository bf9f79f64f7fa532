import { CanActivate, ExecutionContext, Injectable } from '@nestjs/common';
import { InjectThrottlerStorage } from '@nestjs/throttler';
import type { Request } from 'express';
import { nameActor } from '../../event-sourcing';
import { AccessOfRoutes } from './access-of-routes';
import { Authenticator } from './authenticator';
import { callerOf, setIdentity } from './caller';
import { strangerAt } from './rate-limit.guard';
import { RequestCounts } from './request-counts';

/**
 * First of the guards: finds out who the caller is, and tells it to whatever runs after. It lets everyone pass; who may is
 * decided by `AccessGuard`, behind the rate limit. On public routes nobody is looked up, so that they answer whatever
 * becomes of keys and issuer.
 */
@Injectable()
export class IdentifyGuard implements CanActivate {
  constructor(
    private readonly access: AccessOfRoutes,
    private readonly authenticator: Authenticator,
    @InjectThrottlerStorage() private readonly counts: RequestCounts,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.access.of(context.getHandler(), context.getClass())?.kind === 'public') return true;
    const request = context.switchToHttp().getRequest<Request>();
    // An invalid token costs more to check than to refuse, so an address with too many strangers gets no new ones checked.
    const isCrowded = this.counts.isBlocked(strangerAt(request));
    setIdentity(request, await this.authenticator.identify(request, isCrowded));
    const caller = callerOf(request);
    if (caller !== undefined) nameActor(caller.actor);
    return true;
  }
}
