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

/** Name of the path parameter that `users:self` compares with the caller's subject. */
export const OWN_USER_PARAMETER = 'userId';

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
 * Callers with one of these roles may, and `admin` always. Where `users:self` is among them, the path has a parameter
 * `:userId`, and that role is enough only for the caller's own.
 */
export function Roles(...roles: readonly [Role, ...Role[]]): CustomDecorator {
  return decide({ kind: 'roles', roles });
}

function decide(access: Access): CustomDecorator {
  return SetMetadata(ACCESS, access);
}
