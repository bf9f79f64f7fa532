/** Which log a connection leads to. Two connections with the same `place` and `id` mean the same tables. */
export interface LogIdentity {
  /** Made once for each log; a copy of the database has the same. */
  readonly id: string;
  /** The server, the database and the table, by the numbers that Postgres gave them. A copy has others. */
  readonly place: string;
  readonly database: string;
  readonly schema: string;
}
