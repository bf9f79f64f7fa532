import { annals, sql } from '../../schema/sql';

/** Position of the last committed event. Does not wait for an append that is going on. */
export const readHead = sql`SELECT head FROM ${annals}.event_log WHERE only_row`;
