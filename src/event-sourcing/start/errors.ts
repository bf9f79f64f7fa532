import { EventSourcingError } from '../domain';

/** The database is not what the application relies on: it must not start. */
export class DatabaseNotReadyError extends EventSourcingError {
  readonly code: string = 'database.not-ready';
  readonly kind = 'unavailable';
}

/** Tables or functions of the kernel are not there, or are those of an earlier release. */
export class DatabaseNotMigratedError extends DatabaseNotReadyError {
  override readonly code = 'database.not-migrated';
}

/** The role of this process lacks rights on tables or functions. */
export class RightsMissingError extends DatabaseNotReadyError {
  override readonly code = 'database.rights-missing';
}

/** The table of a read model is not as its entity says. */
export class TableMismatchError extends DatabaseNotReadyError {
  override readonly code = 'read-model.table-mismatch';
}

/** The rows of a table were made by another projection. */
export class TableOwnerError extends DatabaseNotReadyError {
  override readonly code = 'read-model.table-of-another';
}
