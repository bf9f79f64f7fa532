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

  /** Never rejects: why nobody is known is part of the answer. */
  async identify(request: Request): Promise<Identity> {
    try {
      return { caller: await this.caller(request) };
    } catch (error) {
      return { refusal: error as Error };
    }
  }

  private async caller(request: Request): Promise<Caller> {
    const given = request.headersDistinct.authorization ?? [];
    if (given.length === 0) throw UnauthenticatedError.missing();
    const [, credentials] = (given.length === 1 && bearer.exec(given[0] ?? '')) || [];
    const caller = credentials === undefined ? undefined : await this.bearerOf(credentials);
    if (caller === undefined) throw UnauthenticatedError.invalid();
    return caller;
  }

  private bearerOf(credentials: string): Promise<Caller | undefined> {
    return credentials.startsWith(API_KEY_PREFIX)
      ? this.apiKeys.callerOf(credentials)
      : this.tokens.callerOf(credentials);
  }
}
