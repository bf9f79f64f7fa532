import { RequestError } from '../http/request-error';

/** The request has no credentials, or some that are not valid. */
export class UnauthenticatedError extends RequestError {
  readonly code = 'unauthenticated';
  readonly kind = 'rule';

  override readonly headers: Readonly<Record<string, string>>;

  /** @param challenge RFC 6750, section 3. */
  private constructor(message: string, challenge: string) {
    super(message);
    this.headers = { 'WWW-Authenticate': challenge };
  }

  static missing(): UnauthenticatedError {
    return new UnauthenticatedError('Send an API key or a token: Authorization: Bearer <token>.', 'Bearer');
  }

  /** Tells nobody why: that would help whoever guesses. */
  static invalid(): UnauthenticatedError {
    return new UnauthenticatedError(
      'The API key or token is not valid, or not any more.',
      'Bearer error="invalid_token"',
    );
  }
}

/** The caller is known, and may not do this. */
export class ForbiddenError extends RequestError {
  readonly code = 'forbidden';
  readonly kind = 'rule';

  constructor() {
    super('Your roles do not allow this.');
  }
}

/** The caller has sent more than `RATE_LIMIT` requests in 10 seconds. */
export class TooManyRequestsError extends RequestError {
  readonly code = 'too-many-requests';
  readonly kind = 'unavailable';

  override readonly headers: Readonly<Record<string, string>>;

  constructor(retryAfterSeconds: number) {
    super('Too many requests in a short time. Wait, and try again.');
    this.headers = { 'Retry-After': String(retryAfterSeconds) };
  }
}

/** The database cannot tell whether the key is valid: it may be good, or revoked. */
export class KeysUnavailableError extends RequestError {
  readonly code = 'keys-unavailable';
  readonly kind = 'unavailable';

  constructor(cause?: unknown) {
    super('The API keys cannot be read now. Try again.', { cause });
  }
}

/** The keys of the issuer are needed and cannot be had: the token may be good. */
export class IssuerUnavailableError extends RequestError {
  readonly code = 'issuer-unavailable';
  readonly kind = 'unavailable';

  constructor(cause?: unknown) {
    super('The keys of the token issuer cannot be fetched now. Try again.', { cause });
  }
}
