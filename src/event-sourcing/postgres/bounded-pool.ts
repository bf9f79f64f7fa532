import { ClientBase, Pool, PoolClient, PoolConfig, QueryConfig } from 'pg';
import { PoolExhaustedError } from '../event-store/errors';
import { databaseFailureOf, isConnectionLost } from './database-failure';
import { limitsApart, prepareSession, sessionSettings } from './session-settings';

export interface BoundedPoolConfig extends Omit<PoolConfig, 'onConnect' | 'verify'> {
  /** How many may wait for a connection; one more is refused at once. Default: no limit. */
  readonly maxWaiting?: number;
  /**
   * `read-write`: a connection that leads to a standby or to a read-only server serves for a second at most, and is then
   * opened again, because the primary may be elsewhere by now. Default: `any`, for replicas that are meant for reading.
   */
  readonly targetSession?: 'read-write' | 'any';
}

/** A prepared statement; `array` gives each row as its values in the order of the columns. */
export interface Statement extends QueryConfig {
  readonly name: string;
  readonly rowMode?: 'array';
}

export type RunStatement = <R>(statement: Statement) => Promise<R[]>;

type Callback = Extract<Parameters<Pool['connect']>[0], (...given: never[]) => void>;

/** What the pool knows of a connection. */
interface Session {
  /** Connections of an earlier generation are not used again. */
  readonly generation: number;
  /** Until when it serves, by `performance.now()`. */
  servesUntil: number;
}

/** Milliseconds for which a connection to a server that does not write may serve. */
const readOnlyMs = 1_000;

/** Milliseconds for the first answer on a new connection, where the configuration does not limit how long it may take to connect. */
const defaultPatience = 3_000;

/** A pooler has lost the prepared statements of one connection. All other errors that condemn it concern its neighbours, too. */
const ofOneConnection = new Set(['26000', '42P05']);

/**
 * A pool with a bounded queue: a request that would wait too long is refused at once. Every connection has the same session settings, and one
 * that must not be used again is thrown away, whoever holds it (TypeORM, too) and however it is given back.
 */
export class BoundedPool extends Pool {
  private readonly maxWaiting: number;
  private readonly mustWrite: boolean;
  private readonly settings: Readonly<Record<string, string>>;
  private readonly sessions = new WeakMap<ClientBase, Session>();
  private generation = 0;
  /** With its password, which must not be seen where the pool is logged. */
  readonly #config: BoundedPoolConfig;

  constructor(config: BoundedPoolConfig) {
    const { maxWaiting = Number.POSITIVE_INFINITY, targetSession, ...driver } = config;
    const { settings, rest } = limitsApart(driver);
    super({ keepAlive: true, keepAliveInitialDelayMillis: 10_000, ...rest });
    this.#config = config;
    this.maxWaiting = maxWaiting;
    this.mustWrite = targetSession === 'read-write';
    this.settings = { ...sessionSettings, ...settings };
    // The pool waits for it, though its type does not say so.
    const opened: (client: ClientBase) => unknown = (client) => this.open(client);
    this.options.onConnect = opened;
    this.on('connect', (client) => this.watch(client));
    this.on('release', (error, client) => {
      // The pool throws a client away that is ending.
      if (!error && !this.isFit(client)) void client.end();
    });
  }

  /** What it was made with, for another pool to the same server. */
  get config(): BoundedPoolConfig {
    return this.#config;
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: Callback): void;
  override connect(callback?: Callback): Promise<PoolClient> | void {
    const connected =
      this.waitingCount < this.maxWaiting
        ? this.connectFit()
        : Promise.reject(new PoolExhaustedError(this.waitingCount));
    if (!callback) return connected;
    connected.then(
      (client) => callback(undefined, client, (error) => client.release(error as Error)),
      (error: Error) => callback(error, undefined, () => undefined),
    );
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

  /** Idle connections that became unfit meanwhile are thrown away, one after the other. */
  private async connectFit(): Promise<PoolClient> {
    for (;;) {
      const client = await super.connect();
      if (this.isFit(client)) return client;
      client.release(true);
    }
  }

  private async open(client: ClientBase): Promise<void> {
    // One that is opened while its neighbours are condemned may be on the wrong side, too.
    const { generation } = this;
    const patienceMs = this.options.connectionTimeoutMillis || defaultPatience;
    const { isReadOnly } = await prepareSession(client, this.settings, patienceMs);
    const servesUntil =
      this.mustWrite && isReadOnly ? performance.now() + readOnlyMs : Number.POSITIVE_INFINITY;
    this.sessions.set(client, { generation, servesUntil });
  }

  /** Sees every error of the connection, whoever runs the query. */
  private watch(client: PoolClient): void {
    // A connection that is lost in somebody's hands fails the query, and also raises an event. Where nobody listens, that ends
    // the process: also in the moment between its first answer and whoever waits for it, as with a server that starts and dies.
    client.on('error', () => undefined);
    const watched = client as unknown as { query: (...given: unknown[]) => unknown };
    const query = watched.query.bind(client);
    watched.query = (...given) => {
      const callback = given.at(-1);
      if (typeof callback === 'function') {
        given[given.length - 1] = (error: unknown, result: unknown) => {
          this.judge(client, error);
          (callback as (error: unknown, result: unknown) => void)(error, result);
        };
      }
      const answer = query(...given);
      if (answer instanceof Promise) answer.catch((error: unknown) => this.judge(client, error));
      return answer;
    };
  }

  private judge(client: PoolClient, error: unknown): void {
    if (!error || databaseFailureOf(error) !== 'condemned') return;
    const { code } = error as { code?: string };
    const session = this.sessions.get(client);
    if (session) session.servesUntil = 0;
    if (!ofOneConnection.has(code ?? '')) this.generation++;
    // Given up by the clock of this process: what is sent next would queue behind the answer that does not come.
    if (code === undefined) client.connection.stream.destroy();
  }

  /** A transaction that is still open belongs to whoever gave the connection back. */
  private isFit(client: PoolClient): boolean {
    const session = this.sessions.get(client);
    const isCurrent = session?.generation === this.generation && performance.now() < session.servesUntil;
    return isCurrent && client.getTransactionStatus() === 'I';
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
