/** A failure of the launcher. Its message always ends with what to try. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  constructor(problem: string, mend: string, options?: ErrorOptions) {
    super(`${problem}\n${mend}`, options);
  }
}

export const useAnotherServer = 'Set DATABASE_URL to a Postgres server of your own.';

export function explained(error: unknown): EmbeddedPostgresError {
  if (error instanceof EmbeddedPostgresError) return error;
  return new EmbeddedPostgresError(`Embedded Postgres did not start: ${reasonOf(error)}`, useAnotherServer, {
    cause: error,
  });
}

/** Not by class: Node's own errors are of another realm's Error under Jest. */
export function reasonOf(error: unknown): string {
  return isObject(error) && 'message' in error ? String(error.message) : String(error);
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return isObject(error) && 'code' in error && codes.includes(String(error.code));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
