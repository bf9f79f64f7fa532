import type { Request } from 'express';
import type { Role } from './roles';

/** Who sent a request, as their API key or token proved it. */
export interface Caller {
  /**
   * Stable, and one per caller: `key:<id>` for API keys, `user:<subject>` for tokens. It goes into events, and what is kept
   * per caller is kept by it. The prefixes keep a token from naming itself like a key, or like `system`.
   */
  readonly actor: string;
  /** The id of the caller itself, where it has one: what is its own is named by it. */
  readonly subject?: string;
  readonly roles: ReadonlySet<Role>;
}

/** What is known of the sender of a request: who it is, or why that cannot be said. */
export type Identity = { readonly caller: Caller } | { readonly refusal: Error };

/** Beside the request, so that nothing that a request carries can end up here. */
const identities = new WeakMap<Request, Identity>();

export function setIdentity(request: Request, identity: Identity): void {
  identities.set(request, identity);
}

export function identityOf(request: Request): Identity | undefined {
  return identities.get(request);
}

/** The caller of a request, from the first guard on; undefined for strangers and on public routes. */
export function callerOf(request: Request): Caller | undefined {
  const identity = identities.get(request);
  return identity && 'caller' in identity ? identity.caller : undefined;
}
