import { EventStore } from '../event-store';
import { Position } from '../event-envelope';
import { annals, KernelSql, sql } from '../../schema/sql';

/** The last position, for other statements: 0 of an empty log. */
export const lastPosition = sql`COALESCE((SELECT max(position) FROM ${annals}.events), 0)`;

/** The log that checkpoints are about. */
export type LogOfCheckpoints = Pick<EventStore, 'head' | 'isInDatabase'>;

/** The last position of the log that checkpoints are about: the value of a parameter, or the one of this database where that is null. */
export function lastPositionOr(parameter: string): KernelSql {
  return sql`COALESCE(${parameter}::bigint, ${lastPosition})`;
}

/** The value for that parameter: a store that keeps its events elsewhere has to be asked. */
export async function headElsewhere(store: LogOfCheckpoints): Promise<Position | null> {
  return store.isInDatabase ? null : store.head();
}

/** Position of the last committed event. Does not wait for an append that is going on. */
export const readHead = sql`SELECT ${lastPosition} AS head`;
