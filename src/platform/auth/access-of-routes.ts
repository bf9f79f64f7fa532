import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Environment } from '../config/environment';
import { ACCESS, type Access, OWNER } from './access';
import { ADMIN } from './roles';

type Target = Parameters<Reflector['get']>[1];

/** The decisions of the routes, as they count in this process. */
@Injectable()
export class AccessOfRoutes {
  constructor(
    private readonly reflector: Reflector,
    private readonly environment: Environment,
  ) {}

  /** The route's own decision, else its controller's; undefined when there is neither. */
  of(method: Target, controller: Target): Exclude<Access, { kind: 'public-in-development' }> | undefined {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [method, controller]);
    if (access?.kind !== 'public-in-development') return access;
    return this.environment.NODE_ENV === 'production'
      ? { kind: 'roles', roles: [ADMIN] }
      : { kind: 'public' };
  }

  /** The parameter of the path that says whose the resource of a route is; undefined when none does. */
  ownerIn(method: Target, controller: Target): string | undefined {
    return this.reflector.getAllAndOverride<string | undefined>(OWNER, [method, controller]);
  }
}
