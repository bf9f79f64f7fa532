import { createHash } from 'node:crypto';
import { Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type JWTPayload, jwtVerify } from 'jose';
import { Environment } from '../config/environment';
import { IssuerUnavailableError } from './auth-errors';
import type { Caller } from './caller';
import { IssuerKeys } from './issuer-keys';
import { DeclaredRoles } from './roles';

/** How far the clocks of the issuer and of this process may be apart. */
const clockToleranceSeconds = 5;

/** How many tokens are remembered as good. */
const mostRemembered = 10_000;

/** JSON Web Tokens of the configured issuer. Without one, no token is valid. */
@Injectable()
export class Tokens implements OnApplicationBootstrap {
  private readonly logger = new Logger('Tokens');
  private readonly issuerKeys: IssuerKeys | undefined;
  /** Digests of tokens that were good when last checked, the oldest first. */
  private readonly good = new Set<string>();

  constructor(
    private readonly environment: Environment,
    private readonly host: HttpAdapterHost,
    private readonly roles: DeclaredRoles,
  ) {
    const { AUTH_ISSUER: issuer, AUTH_JWKS_URL: jwksUrl } = environment;
    this.issuerKeys = issuer === undefined ? undefined : new IssuerKeys({ issuer, jwksUrl });
  }

  /** Does not wait: the service serves while the issuer is away. A command of the operator gets no tokens. */
  onApplicationBootstrap(): void {
    if (this.host.httpAdapter as unknown) void this.issuerKeys?.prepare();
  }

  /** Whether this very token was good before. It may have expired since. */
  wasGood(token: string): boolean {
    return this.good.has(digestOf(token));
  }

  /**
   * Who bears this token; undefined when it is not valid.
   * @throws IssuerUnavailableError when that cannot be told now.
   */
  async callerOf(token: string): Promise<Caller | undefined> {
    if (this.issuerKeys === undefined) return undefined;
    try {
      const { payload } = await jwtVerify(token, this.issuerKeys.find, {
        issuer: this.environment.AUTH_ISSUER,
        audience: this.environment.AUTH_AUDIENCE,
        algorithms: this.environment.AUTH_ALGORITHMS.split(','),
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['exp', 'sub'],
      });
      this.remember(digestOf(token));
      return this.caller(payload);
    } catch (error) {
      if (error instanceof IssuerUnavailableError) throw error;
      this.logger.debug(`A token was refused: ${(error as Error).message}`);
      return undefined;
    }
  }

  private remember(digest: string): void {
    if (this.good.has(digest)) return;
    for (const oldest of this.good) {
      if (this.good.size < mostRemembered) break;
      this.good.delete(oldest);
    }
    this.good.add(digest);
  }

  private caller(payload: JWTPayload): Caller | undefined {
    const { sub } = payload;
    if (typeof sub !== 'string' || !/^\P{C}{1,255}$/u.test(sub)) return undefined;
    const names = namesIn(payload, this.environment.AUTH_ROLES_CLAIM);
    const roles = this.roles.withIncluded(names.filter((name) => this.roles.has(name)));
    return { actor: `user:${sub}`, subject: sub, roles };
  }
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

/** The claim of this name, or else the one that its dots lead to: an array, or text with blanks between (RFC 8693, section 4.2). */
function namesIn(payload: JWTPayload, claim: string): readonly unknown[] {
  const own = (from: unknown, name: string): unknown =>
    typeof from === 'object' && from !== null && Object.hasOwn(from, name)
      ? (from as Record<string, unknown>)[name]
      : undefined;
  const value = own(payload, claim) ?? claim.split('.').reduce(own, payload as unknown);
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
