import { Pool, PoolClient, PoolConfig, QueryConfig } from 'pg';
import { PoolExhaustedError } from '../errors';
import { isConnectionLost } from './database-failure';

export interface BoundedPoolConfig extends PoolConfig {
  /** How many may wait for a connection; one more is refused at once. Default: no limit. */
  readonly maxWaiting?: number;
}

/** A prepared statement; `array` gives each row as its values in the order of the columns. */
export interface Statement extends QueryConfig {
  readonly name: string;
  readonly rowMode?: 'array';
}

export type RunStatement = <R>(statement: Statement) => Promise<R[]>;

type Callback = Extract<Parameters<Pool['connect']>[0], (...given: never[]) => void>;

/** A pool whose queue has an end: who could only wait in vain is told so at once. */
export class BoundedPool extends Pool {
  private readonly maxWaiting: number;

  constructor({ maxWaiting = Number.POSITIVE_INFINITY, ...config }: BoundedPoolConfig) {
    super(config);
    this.maxWaiting = maxWaiting;
    // A connection that is lost in somebody's hands fails the query, and also raises an event. Where nobody listens, that ends
    // the process: also in the moment between its first answer and whoever waits for it, as with a server that starts and dies.
    this.on('connect', (client) => client.on('error', () => undefined));
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: Callback): void;
  override connect(callback?: Callback): Promise<PoolClient> | void {
    if (this.waitingCount < this.maxWaiting) return callback ? super.connect(callback) : super.connect();
    const error = new PoolExhaustedError(this.waitingCount);
    if (!callback) return Promise.reject(error);
    process.nextTick(callback, error, undefined, () => undefined);
  }

  /** `query` would throw the connection away on any error; this keeps it unless the connection itself failed. */
  async run<R>(statement: Statement): Promise<R[]> {
    const client = await this.connect();
    let lost = false;
    try {
      return await rowsOf<R>(client, statement);
    } catch (error) {
      lost = isConnectionLost(error);
      // In place of the stack that begins at the socket: the one that leads to who asked.
      if (error instanceof Error) Error.captureStackTrace(error);
      throw error;
    } finally {
      client.release(lost);
    }
  }
}

/**
 * By a callback: the promise that the driver makes keeps the rows of earlier queries reachable until a full garbage
 * collection, which cost a quarter of the time of a long read. After some errors the driver calls it twice.
 */
function rowsOf<R>(client: PoolClient, statement: Statement): Promise<R[]> {
  return new Promise((resolve, reject) => {
    client.query(statement as QueryConfig, (error: Error | null, result) => {
      if (error) reject(error);
      else resolve(result.rows as R[]);
    });
  });
}
