import { annals, sql } from '../../schema/sql';

/** The last position, for other statements: 0 of an empty log. */
export const lastPosition = sql`COALESCE((SELECT max(position) FROM ${annals}.events), 0)`;

/** Position of the last committed event. Does not wait for an append that is going on. */
export const readHead = sql`SELECT ${lastPosition} AS head`;
