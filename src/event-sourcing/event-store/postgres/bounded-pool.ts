import { Pool, PoolClient, PoolConfig, QueryConfig } from 'pg';
import { PoolExhaustedError } from '../errors';
import { isConnectionLost } from './connection-failure';

export interface BoundedPoolConfig extends PoolConfig {
  /** How many may wait for a connection; one more is refused at once. Default: no limit. */
  readonly maxWaiting?: number;
}

/** A prepared statement; `array` gives each row as its values in the order of the columns. */
export interface Statement extends QueryConfig {
  readonly name: string;
  readonly rowMode?: 'array';
}

type Callback = Extract<Parameters<Pool['connect']>[0], (...given: never[]) => void>;

/** A pool whose queue has an end: who could only wait in vain is told so at once. */
export class BoundedPool extends Pool {
  private readonly maxWaiting: number;

  constructor({ maxWaiting = Number.POSITIVE_INFINITY, ...config }: BoundedPoolConfig) {
    super(config);
    this.maxWaiting = maxWaiting;
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
      return (await client.query(statement)).rows as R[];
    } catch (error) {
      lost = isConnectionLost(error);
      throw error;
    } finally {
      client.release(lost);
    }
  }
}
