import { EventSourcingError } from '../domain';

/** An event changes a row that does not exist: the read model has diverged from the log. */
export class MissingRowError extends EventSourcingError {
  readonly code = 'row.missing';
  readonly kind = 'defect';

  constructor(table: string, rows: string) {
    super(
      `There is no row in "${table}" for ${rows}, though an event changes it. If that is a read model, rebuild it.`,
    );
  }
}

/** Two events of one batch insert the same row. */
export class RowExistsError extends EventSourcingError {
  readonly code = 'row.exists';
  readonly kind = 'defect';

  constructor(table: string, key: string) {
    super(
      `There is a row in "${table}" for ${key} already. Use put() where an event may meet an existing row.`,
    );
  }
}

/** A mistake in a projector: a row, a key or an entity that cannot be written; the message says what to change. */
export class InvalidRowError extends EventSourcingError {
  readonly code = 'row.invalid';
  readonly kind = 'defect';
}

/** The database lacks a table or a column that an entity names. */
export class TableMissingError extends EventSourcingError {
  readonly code = 'read-model.table-missing';
  readonly kind = 'defect';

  /** @param what What is not there: `no table "orders"`. */
  constructor(what: string, entity = 'its entity') {
    super(`There is ${what}. Run the migrations, or correct the name in ${entity}.`);
  }
}
