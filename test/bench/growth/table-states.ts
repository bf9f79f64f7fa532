import type { DataSource } from 'typeorm';

export interface TableState {
  readonly name: string;
  /** Bytes. */
  readonly heap: number;
  readonly indexes: number;
  readonly updates: number;
  /** Updates that touched no index, because the new row found room in the page of the old one (heap-only tuples). */
  readonly hot: number;
}

const select = `
  SELECT relname AS name, pg_table_size(relid)::float8 AS heap, pg_indexes_size(relid)::float8 AS indexes,
    n_tup_upd::float8 AS updates, n_tup_hot_upd::float8 AS hot
  FROM pg_stat_user_tables WHERE relname = ANY ('{events,claims,users,event_log,subscriptions}')
  ORDER BY pg_total_relation_size(relid) DESC`;

export function tableStates(dataSource: DataSource): Promise<readonly TableState[]> {
  return dataSource.query<TableState[]>(select);
}
