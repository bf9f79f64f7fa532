import { applyDecorators, type CustomDecorator, SetMetadata } from '@nestjs/common';
import { ApiPublic } from '../openapi/api-route';
import type { Role } from './roles';

/** The decision of a route: who may. */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'public-in-development' }
  | { readonly kind: 'any-caller' }
  | { readonly kind: 'roles'; readonly roles: readonly Role[] };

/** Metadata of a route, or of a controller for its routes without one of their own. */
export const ACCESS = 'annals:access';

/** Metadata of a route: the path parameter that says whose the resource is. */
export const OWNER = 'annals:owner';

/** Everyone may, without credentials; those that are sent are not looked at. */
export function Public(): ClassDecorator & MethodDecorator {
  return applyDecorators(decide({ kind: 'public' }), ApiPublic());
}

/** As `@Public()` while `NODE_ENV` is not `production`; there, `admin` only. */
export function PublicInDevelopment(): CustomDecorator {
  return decide({ kind: 'public-in-development' });
}

/** Every caller with valid credentials may, whatever its roles. */
export function AnyCaller(): CustomDecorator {
  return decide({ kind: 'any-caller' });
}

/**
 * Callers with one of these roles may, and `admin` always. A role that reaches only what is the caller's own is enough where
 * `@OwnResource(…)` says so. Features declare their roles: see `DeclaredRoles`.
 */
export function Roles(...roles: readonly [Role, ...Role[]]): CustomDecorator {
  return decide({ kind: 'roles', roles });
}

/** The parameter of the path that says whose the resource is: it is the caller's own when it equals the caller's subject. */
export function OwnResource(parameter: string): CustomDecorator {
  return SetMetadata(OWNER, parameter);
}

function decide(access: Access): CustomDecorator {
  return SetMetadata(ACCESS, access);
}
