/** SQLSTATE of an error that Postgres gave, as TypeORM passes it on; '' for any other error. */
export function postgresCodeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}
