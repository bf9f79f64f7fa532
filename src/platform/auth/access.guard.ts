import { CanActivate, ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { OWN_USER_PARAMETER } from './access';
import { AccessOfRoutes } from './access-of-routes';
import { ForbiddenError, UnauthenticatedError } from './auth-errors';
import { type Caller, identityOf } from './caller';
import type { Role } from './roles';

/** Decides who may, for every route. Denies by default: strangers everything but what is public, a route without a decision to all. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(private readonly access: AccessOfRoutes) {}

  /** @throws UnauthenticatedError, ForbiddenError, or why the caller could not be identified. */
  canActivate(context: ExecutionContext): true {
    const access = this.access.of(context.getHandler(), context.getClass());
    if (access?.kind === 'public') return true;
    const request = context.switchToHttp().getRequest<Request>();
    const caller = identified(request);
    if (access?.kind === 'any-caller') return true;
    if (access?.kind === 'roles' && access.roles.some((role) => isEnough(role, caller, request))) return true;
    throw new ForbiddenError();
  }
}

function identified(request: Request): Caller {
  const identity = identityOf(request);
  if (identity === undefined) throw UnauthenticatedError.missing();
  if ('refusal' in identity) throw identity.refusal;
  return identity.caller;
}

/** `admin` has every role, and is bound to no user. */
function isEnough(role: Role, caller: Caller, request: Request): boolean {
  if (!caller.roles.has(role)) return false;
  return role !== 'users:self' || caller.roles.has('admin') || isOwn(caller, request);
}

/** The parameter is the one that the handler gets: decoded, so that every spelling of the path decides alike. Ids of users are UUIDs, whose case means nothing. */
function isOwn({ subject }: Caller, request: Request): boolean {
  const userId: unknown = request.params[OWN_USER_PARAMETER];
  return (
    subject !== undefined && typeof userId === 'string' && userId.toLowerCase() === subject.toLowerCase()
  );
}
