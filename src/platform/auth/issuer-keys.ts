import { Logger } from '@nestjs/common';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { IssuerUnavailableError } from './auth-errors';

export interface IssuerKeysOptions {
  readonly issuer: string;
  /** Where the keys are; without it, the issuer's OpenID configuration tells. */
  readonly jwksUrl?: string;
  /** Milliseconds; each has a default. */
  readonly pauses?: Partial<Pauses>;
}

interface Pauses {
  /** Keys of this age are fetched again, so that one that the issuer withdrew is not trusted for ever. */
  readonly refreshAfter: number;
  /** A key id that is not known makes the keys be fetched again, but not more often than this. */
  readonly betweenFetches: number;
  /** After a fetch that failed, the issuer is left alone for so long. */
  readonly afterFailure: number;
  /** How long the issuer may take to answer. */
  readonly timeout: number;
}

const defaults: Pauses = {
  refreshAfter: 600_000,
  betweenFetches: 5_000,
  afterFailure: 1_000,
  timeout: 3_000,
};

type Keys = ReturnType<typeof createLocalJWKSet>;

/**
 * The public keys of the issuer. Once fetched they serve for as long as the issuer cannot be reached: an outage stops
 * only tokens that are signed by a key which came after the last fetch.
 */
export class IssuerKeys {
  private readonly logger = new Logger('Tokens');
  private readonly pauses: Pauses;
  private keys: Keys | undefined;
  private fetching: Promise<Keys> | undefined;
  private fetchedAt = -Infinity;
  private failedAt = -Infinity;

  constructor(private readonly options: IssuerKeysOptions) {
    this.pauses = { ...defaults, ...options.pauses };
  }

  /**
   * The key that a token says it is signed with.
   * @throws IssuerUnavailableError when it is not known and the issuer cannot be asked; an error of jose when there is none.
   */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const keys = await this.freshEnough();
    try {
      return await keys(header, token);
    } catch (error) {
      const isUnknown = error instanceof errors.JWKSNoMatchingKey;
      if (!isUnknown || this.age() < this.pauses.betweenFetches) throw error;
    }
    return (await this.fetch())(header, token);
  };

  /** Fetches the keys ahead of the first token. Never rejects. */
  async prepare(): Promise<void> {
    await this.freshEnough().catch(() => undefined);
  }

  /** The known keys; they are fetched again behind the request when they are old. */
  private async freshEnough(): Promise<Keys> {
    const { keys } = this;
    if (keys === undefined) return this.fetch();
    // Beside the requests: an issuer that is silent costs them nothing while the known keys are good.
    if (this.age() >= this.pauses.refreshAfter) void this.fetch().catch(() => undefined);
    return keys;
  }

  private age(): number {
    return performance.now() - this.fetchedAt;
  }

  /** One at a time: who comes while the issuer is being asked waits for the same answer. */
  private async fetch(): Promise<Keys> {
    if (performance.now() - this.failedAt < this.pauses.afterFailure) throw new IssuerUnavailableError();
    this.fetching ??= this.ask().finally(() => (this.fetching = undefined));
    return this.fetching;
  }

  private async ask(): Promise<Keys> {
    try {
      const keys = createLocalJWKSet((await this.get(await this.jwksUrl())) as JSONWebKeySet);
      this.fetchedAt = performance.now();
      return (this.keys = keys);
    } catch (error) {
      this.failedAt = performance.now();
      this.logger.warn(`The keys of ${this.options.issuer} cannot be fetched: ${reason(error)}`);
      throw new IssuerUnavailableError(error);
    }
  }

  /** OpenID Connect Discovery 1.0, section 4. */
  private async jwksUrl(): Promise<string> {
    const { issuer, jwksUrl } = this.options;
    if (jwksUrl !== undefined) return jwksUrl;
    const found = await this.get(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const { issuer: named, jwks_uri: url } = found as { issuer?: unknown; jwks_uri?: unknown };
    if (named !== issuer) throw new Error('its OpenID configuration names another issuer');
    if (typeof url !== 'string' || new URL(url).protocol !== new URL(issuer).protocol)
      throw new Error('its OpenID configuration has no jwks_uri of the same scheme');
    return url;
  }

  private async get(url: string): Promise<unknown> {
    const response = await fetch(url, {
      redirect: 'error',
      headers: { Accept: 'application/json' },
      signal: AbortSignal.timeout(this.pauses.timeout),
    });
    if (response.status !== 200) throw new Error(`${url} answers ${response.status}`);
    return response.json();
  }
}

function reason(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
