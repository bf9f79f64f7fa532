import type { Request } from 'express';
import { isOfUnknownPath } from './unknown-path.controller';

/** The route of the request, with the names of its parameters and not their values; `unmatched` when it has none, or none yet. */
export function routeOf({ route }: Request): string {
  const { path } = (route ?? {}) as { readonly path?: unknown };
  return typeof path === 'string' && !isOfUnknownPath(path) ? path : 'unmatched';
}
