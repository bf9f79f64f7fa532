/** What a caller may do. `admin` may do everything; `users:self` is bound to the one user that is the caller. */
export const roles = ['users:read', 'users:write', 'users:self', 'admin'] as const;

export type Role = (typeof roles)[number];

/** Roles that a role brings with it. */
const included: Readonly<Record<Role, readonly Role[]>> = {
  'users:read': [],
  'users:write': ['users:read'],
  'users:self': [],
  admin: roles,
};

export function isRole(text: unknown): text is Role {
  return roles.some((role) => role === text);
}

/** These roles, and all that they bring with them. */
export function withIncluded(given: readonly Role[]): ReadonlySet<Role> {
  return new Set(given.flatMap((role) => [role, ...included[role]]));
}
