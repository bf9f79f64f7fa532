import { EventSourcingError } from '../event-store/errors';

/** The database is not what the application relies on: it must not start. */
export class DatabaseNotReadyError extends EventSourcingError {}
