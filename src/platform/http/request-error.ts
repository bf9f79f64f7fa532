import type { ErrorKind } from '../../event-sourcing';

/** What the web host itself refuses. The code is that of the problem, unless the table of problems has another for it. */
export abstract class RequestError extends Error {
  abstract readonly code: string;
  abstract readonly kind: ErrorKind;
  /** Headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
