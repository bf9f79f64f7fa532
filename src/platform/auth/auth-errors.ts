/** The request has no credentials, or some that are not valid. */
export class UnauthenticatedError extends Error {
  private constructor(
    message: string,
    /** RFC 6750, section 3. */
    readonly challenge: string,
  ) {
    super(message);
    this.name = 'UnauthenticatedError';
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
export class ForbiddenError extends Error {
  constructor() {
    super('Your roles do not allow this.');
    this.name = 'ForbiddenError';
  }
}

/** The caller has sent more than `RATE_LIMIT` requests in 10 seconds. */
export class TooManyRequestsError extends Error {
  constructor(readonly retryAfterSeconds: number) {
    super('Too many requests in a short time. Wait, and try again.');
    this.name = 'TooManyRequestsError';
  }
}

/** The keys file cannot be read: the key may be good, or revoked. */
export class KeysUnavailableError extends Error {
  constructor() {
    super('The API keys cannot be read now. Try again.');
    this.name = 'KeysUnavailableError';
  }
}

/** The keys of the issuer are needed and cannot be had: the token may be good. */
export class IssuerUnavailableError extends Error {
  constructor(cause?: unknown) {
    super('The keys of the token issuer cannot be fetched now. Try again.', { cause });
    this.name = 'IssuerUnavailableError';
  }
}
