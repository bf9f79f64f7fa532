import { CanActivate, ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { AccessOfRoutes } from './access-of-routes';
import { ForbiddenError, UnauthenticatedError } from './auth-errors';
import { type Caller, identityOf } from './caller';
import { ADMIN, DeclaredRoles, type Role } from './roles';

/** Decides who may, for every route. Denies by default: strangers everything but what is public, a route without a decision to all. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly access: AccessOfRoutes,
    private readonly declared: DeclaredRoles,
  ) {}

  /** @throws UnauthenticatedError, ForbiddenError, or why the caller could not be identified. */
  canActivate(context: ExecutionContext): true {
    const access = this.access.of(context.getHandler(), context.getClass());
    if (access?.kind === 'public') return true;
    const request = context.switchToHttp().getRequest<Request>();
    const caller = identified(request);
    if (access?.kind === 'any-caller') return true;
    const isOwn = isOwner(caller, request, this.access.ownerIn(context.getHandler(), context.getClass()));
    if (access?.kind === 'roles' && access.roles.some((role) => this.isEnough(role, caller, isOwn)))
      return true;
    throw new ForbiddenError();
  }

  /** `admin` has every role, and is bound to nothing of its own. */
  private isEnough(role: Role, { roles }: Caller, isOwn: boolean): boolean {
    return roles.has(role) && (isOwn || roles.has(ADMIN) || !this.declared.isOwn(role));
  }
}

function identified(request: Request): Caller {
  const identity = identityOf(request);
  if (identity === undefined) throw UnauthenticatedError.missing();
  if ('refusal' in identity) throw identity.refusal;
  return identity.caller;
}

/** The parameter is the one that the handler gets: decoded, so that every spelling of the path decides alike. Ids are UUIDs, whose case means nothing. */
function isOwner({ subject }: Caller, request: Request, parameter: string | undefined): boolean {
  const owner: unknown = parameter === undefined ? undefined : request.params[parameter];
  return subject !== undefined && typeof owner === 'string' && owner.toLowerCase() === subject.toLowerCase();
}
