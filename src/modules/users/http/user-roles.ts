import type { RoleDeclarations } from '../../../platform';

/** Roles of callers, as far as they are about users. */
export const userRoles: RoleDeclarations = {
  'users:read': {},
  'users:write': { includes: ['users:read'] },
  // Reaches the one user that is the caller.
  'users:self': { isOwn: true },
};
