import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { API_KEY_PREFIX } from './api-key';
import { ApiKeys } from './api-keys';
import { UnauthenticatedError } from './auth-errors';
import type { Caller, Identity } from './caller';
import { Tokens } from './tokens';

/** RFC 6750, section 2.1. */
const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** Tells who sent a request, by its `Authorization`. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly apiKeys: ApiKeys,
    private readonly tokens: Tokens,
  ) {}

  /**
   * Never rejects: why nobody is known is part of the answer.
   * @param isCrowded Strangers at the address of the request are over the limit: only tokens that were good before are checked.
   */
  async identify(request: Request, isCrowded = false): Promise<Identity> {
    try {
      return { caller: await this.caller(request, isCrowded) };
    } catch (error) {
      return { refusal: error as Error };
    }
  }

  private async caller(request: Request, isCrowded: boolean): Promise<Caller> {
    const given = request.headersDistinct.authorization ?? [];
    if (given.length === 0) throw UnauthenticatedError.missing();
    const [, credentials] = (given.length === 1 && bearer.exec(given[0] ?? '')) || [];
    const caller = credentials === undefined ? undefined : await this.bearerOf(credentials, isCrowded);
    if (caller === undefined) throw UnauthenticatedError.invalid();
    return caller;
  }

  private async bearerOf(credentials: string, isCrowded: boolean): Promise<Caller | undefined> {
    if (credentials.startsWith(API_KEY_PREFIX)) return this.apiKeys.callerOf(credentials);
    return isCrowded && !this.tokens.wasGood(credentials) ? undefined : this.tokens.callerOf(credentials);
  }
}
