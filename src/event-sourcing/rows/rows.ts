/** The key of a row: the value of its primary column; where there are several, an object with all of them. */
export type RowKey<E> = string | number | bigint | boolean | Date | Uint8Array | E[keyof E] | Partial<E>;

/**
 * The rows of one table, as the events of a batch change them. What is called here is collected, merged row by row in the order
 * of the events, and written in as few statements as possible, in the transaction that moves the checkpoint, before it moves. A
 * wrong assumption (a row that is missing, or there already) then fails the event that made it.
 *
 * SQL of your own in the same batch does not see what is collected: call `write` before it.
 */
export interface Rows<E extends object> {
  /** A new row. Fails when there is one with its key. Members that are left out get the column's default. */
  insert(row: Partial<E>): void;
  /** Inserts the row, or changes the one with its key to these members. */
  put(row: Partial<E>): void;
  /** Changes these members of the row, and leaves the others. Fails when it is missing. */
  update(key: RowKey<E>, change: Partial<E>): void;
  /** Fails when the row is missing. */
  delete(key: RowKey<E>): void;
  /** The row as the events before this one left it, for values that depend on it; a copy, to be given to `put`. */
  get(key: RowKey<E>): Promise<E | undefined>;
  /** Writes what is collected so far. The kernel does so at the end of a batch. */
  write(): Promise<void>;
}
