import { Logger } from '@nestjs/common';
import { appending, AppendWork } from '../diagnostics';
import { AppendSignal } from '../progress-signal';
import { AppendVerdict, resultOf } from '../append-verdict';
import { DatabaseAnswerError, EventStoreUnavailableError, InvalidAppendError } from '../errors';
import { NewEvent, Position, RecordedEvent, StreamId } from '../event-envelope';
import {
  AppendOptions,
  AppendResult,
  EventStore,
  EventStoreLoad,
  LogState,
  ReadAllOptions,
  ReadStreamOptions,
} from '../event-store';
import { prepareAppend, PreparedAppend } from '../prepare-append';
import { readPages } from '../read-pages';
import { Receipt } from '../../messaging/receipt';
import { StoredReceipt } from '../stored-receipt';
import { publishRefusal, withMetadata } from './append-diagnostics';
import { appendBatch } from './append-batch';
import { AppendBatches } from './append-batches';
import { AppendNotices } from './append-notices';
import { AppendQueue } from './append-queue';
import { BoundedPool, BoundedPoolConfig } from '../../postgres/bounded-pool';
import { postgresCodeOf } from '../../postgres/postgres-code';
import { KernelSchema } from '../../schema/kernel-schema';
import { KernelStatement, RunKernelStatement, runOn } from '../../schema/kernel-statement';
import { columnParsers } from './column-parsers';
import { databaseFailureOf } from '../../postgres/database-failure';
import { LogIdentity } from '../log-identity';
import { readLogIdentity } from './read-log-identity';
import { appendOutside, holdHead } from './held-heads';
import { LogReads } from './log-reads';
import { readLogState } from './log-state';
import { PostgresReceipts } from './postgres-receipts';
import { readHead } from './read-head';
import { StreamReads } from './stream-reads';

export interface PostgresEventStoreOptions {
  /** How to reach Postgres 14 or later; `max` is the number of connections (default 10). */
  readonly connection: BoundedPoolConfig;
  /** Appends that may wait before one more is refused. Default 10,000. */
  readonly maxWaitingAppends?: number;
  /** Appends in one batch. Default 256: more gained nothing when measured. */
  readonly maxAppendsPerBatch?: number;
  /** Characters of JSON that one page of events may hold; more give a shorter page. Default 8,388,608. */
  readonly maxCharactersPerPage?: number;
}

/** The log on Postgres. Appends of this process are committed in groups; reads have connections of their own. */
export class PostgresEventStore extends EventStore {
  private readonly logger = new Logger(PostgresEventStore.name);
  private readonly pool: BoundedPool;
  private readonly run: RunKernelStatement;
  private readonly queue: AppendQueue;
  private readonly notices: AppendNotices;
  private readonly receipts = new PostgresReceipts((statement) => this.query(statement));
  private readonly streams: StreamReads;
  private readonly log: LogReads;
  private closing: Promise<void> | undefined;
  override readonly isInDatabase = true;

  constructor(
    options: PostgresEventStoreOptions,
    signal: AppendSignal,
    private readonly schema = new KernelSchema(),
  ) {
    super();
    const connection = {
      connectionTimeoutMillis: 3_000,
      statement_timeout: 30_000,
      application_name: `${schema.name} event store`,
      targetSession: 'read-write' as const,
      ...options.connection,
    };
    this.pool = new BoundedPool({ ...connection, types: columnParsers });
    this.run = runOn(this.pool, schema);
    this.pool.on('error', (error) => this.logger.warn(`An idle connection was lost: ${error.message}`));
    this.notices = new AppendNotices((statement) => this.pool.run(statement), connection, {
      channel: `${schema.name}_appended`,
      signal,
    });
    const { maxCharactersPerPage = 8_388_608 } = options;
    this.streams = new StreamReads((statement) => this.query(statement), maxCharactersPerPage);
    this.log = new LogReads((statement) => this.query(statement), maxCharactersPerPage);
    this.queue = new AppendQueue(new AppendBatches(this.run, signal, this.notices), {
      waiting: options.maxWaitingAppends ?? 10_000,
      appendsPerBatch: options.maxAppendsPerBatch ?? 256,
      sizePerBatch: 4_194_304,
    });
  }

  appendToStream(
    stream: StreamId,
    events: readonly NewEvent[],
    options: AppendOptions,
  ): Promise<AppendResult> {
    const work: AppendWork = { stream, events: events.length, metadata: {} };
    return appending.run(work, () => this.append(stream, withMetadata(events, work.metadata), options));
  }

  private async append(
    stream: StreamId,
    events: readonly NewEvent[],
    options: AppendOptions,
  ): Promise<AppendResult> {
    const append = prepareAppend(stream, events, options);
    try {
      if (options.transaction) return await this.appendInTransaction(append, options.transaction);
      return await appendOutside(() => this.queue.push(append));
    } catch (error) {
      publishRefusal(stream.type, error);
      throw appendFailure(error);
    }
  }

  readStream(stream: StreamId, options: ReadStreamOptions = {}): AsyncIterable<RecordedEvent> {
    return readPages(options, (after, limit) => this.streams.page({ stream, after, limit }));
  }

  readAll(options: ReadAllOptions): Promise<readonly RecordedEvent[]> {
    return this.log.page(options);
  }

  async head(): Promise<Position> {
    const [row] = await this.query<{ head: bigint }>({ name: 'read-head', text: readHead, values: [] });
    if (!row) throw new DatabaseAnswerError('the head of the log');
    return row.head;
  }

  override async identity(): Promise<LogIdentity | undefined> {
    const [row] = await this.query<LogIdentity>({
      name: 'read-log-identity',
      text: readLogIdentity,
      values: [],
    });
    return row;
  }

  /** Asks by a connection of the pool that appends. */
  override state(): Promise<LogState> {
    return readLogState(
      (text) => this.query({ name: 'log-state', text: () => text, values: [] }),
      this.schema,
    );
  }

  override hearOthers(): void {
    this.notices.listen();
  }

  override load(): EventStoreLoad {
    const { totalCount, idleCount, waitingCount } = this.pool;
    return {
      waitingAppends: this.queue.length,
      connections: { total: totalCount, idle: idleCount, waiting: waitingCount },
    };
  }

  findReceipt(caller: string, key: string): Promise<StoredReceipt | undefined> {
    return this.receipts.find(caller, key);
  }

  keepReceipt(receipt: Receipt, note: string): Promise<void> {
    return this.receipts.keep(receipt, note);
  }

  deleteExpiredReceipts(limit: number): Promise<number> {
    return this.receipts.deleteExpired(limit);
  }

  /** Refuses new appends, stores those that wait, and closes the connections. A second call waits for the same end. */
  override close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    await this.queue.close();
    await this.notices.close();
    await this.pool.end();
  }

  private async appendInTransaction(
    append: PreparedAppend,
    transaction: NonNullable<AppendOptions['transaction']>,
  ): Promise<AppendResult> {
    if (!transaction.queryRunner?.isTransactionActive) {
      throw new InvalidAppendError(
        'The entity manager is in no transaction. Use the one that transaction() gives.',
      );
    }
    holdHead(transaction.queryRunner);
    const [verdict] = await appendBatch([append], ({ text, values }) =>
      transaction.query(text(this.schema), values),
    );
    return resultOf(append, verdict as AppendVerdict);
  }

  private async query<R>(statement: KernelStatement): Promise<R[]> {
    try {
      return await this.run<R>(statement);
    } catch (error) {
      throw unavailable(error);
    }
  }
}

/** What `lock_log` raises in a transaction of another isolation than READ COMMITTED. */
const otherIsolation = '25000';

function appendFailure(error: unknown): unknown {
  if (postgresCodeOf(error) === otherIsolation) return new InvalidAppendError((error as Error).message);
  // The statement of an append is good: where a table or a function is missing, somebody has still to migrate.
  return databaseFailureOf(error) === 'schema' ? new EventStoreUnavailableError(error) : unavailable(error);
}

function unavailable(error: unknown): unknown {
  const failure = databaseFailureOf(error);
  const isTheServers = failure !== undefined && failure !== 'statement' && failure !== 'schema';
  return isTheServers ? new EventStoreUnavailableError(error) : error;
}
