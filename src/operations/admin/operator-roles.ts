import type { RoleDeclarations } from '../../platform';

/** Roles of operators beside `admin`, which has these, too. */
export const operatorRoles: RoleDeclarations = {
  // Sees what `admin` sees of the log and its subscriptions, and changes nothing.
  'admin:read': {},
  // For other services, which follow the log by `GET /v1/feed`.
  'feed:read': {},
};
