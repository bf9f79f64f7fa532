import { AppendSignal } from './progress-signal';
import { resultOf } from './append-verdict';
import { claimKey, streamKey } from './keys';
import { checkNote, checkReceipt } from './check-receipt';
import { EventData, EventSourcingError } from '../domain';
import { EventMetadata, NewEvent, Position, RecordedEvent, StreamId } from './event-envelope';
import { InvalidAppendError, ReceiptExistsError } from './errors';
import { InMemoryReceipts } from './in-memory-receipts';
import { AppendOptions, AppendResult, EventStore, ReadAllOptions, ReadStreamOptions } from './event-store';
import { judgeAppend } from './judge-append';
import { prepareAppend, PreparedAppend } from './prepare-append';
import { readPages } from './read-pages';
import { Receipt } from '../messaging/receipt';
import { StoredEvent } from './stored-event';
import { StoredReceipt } from './stored-receipt';

/** Events that a restart loses are no log. */
export class InMemoryStoreInProductionError extends EventSourcingError {
  readonly code = 'store.in-memory-in-production';
  readonly kind = 'defect';

  constructor() {
    super('The in-memory event store loses everything at a restart. In production use the Postgres store.');
  }
}

/** The same contract without a database, for specs of domain rules. Refused when NODE_ENV is production. */
export class InMemoryEventStore extends EventStore {
  private readonly log: RecordedEvent[] = [];
  private readonly streams = new Map<string, RecordedEvent[]>();
  private readonly ids = new Map<string, RecordedEvent>();
  private readonly claims = new Map<string, string>();
  private readonly receipts = new InMemoryReceipts();

  constructor(private readonly signal: AppendSignal = new AppendSignal()) {
    super();
    if (process.env.NODE_ENV === 'production') throw new InMemoryStoreInProductionError();
  }

  async appendToStream(
    stream: StreamId,
    events: readonly NewEvent[],
    options: AppendOptions,
  ): Promise<AppendResult> {
    if (options.transaction)
      throw new InvalidAppendError('The in-memory event store cannot join a transaction.');
    const append = prepareAppend(stream, events, options);
    await Promise.resolve();
    const verdict = judgeAppend(append, {
      head: BigInt(this.log.length),
      stream: this.stream(stream),
      eventWithId: (id) => this.ids.get(id),
      holderOf: (claim) => this.claims.get(claimKey(claim)),
      isAnswered: this.isAnswered(append),
    });
    if (verdict.verdict === 'appended') this.store(append);
    const result = resultOf(append, verdict);
    if (append.receipt) this.receipts.keep(append.receipt, { stream: { ...append.stream }, ...result });
    if (verdict.verdict === 'appended') this.signal.appendedUpTo(verdict.position);
    else this.signal.notify();
    return result;
  }

  readStream(stream: StreamId, options: ReadStreamOptions = {}): AsyncIterable<RecordedEvent> {
    return readPages(options, (after, limit) => {
      const events = this.stream(stream)
        .slice(after, after + limit)
        .map(copied);
      return Promise.resolve({ events, isLast: events.length < limit, isCut: false });
    });
  }

  readAll({ after, limit = 1_000 }: ReadAllOptions): Promise<readonly RecordedEvent[]> {
    const end = Number(after) + Math.min(limit, 10_000);
    return Promise.resolve(this.log.slice(Number(after), end).map(copied));
  }

  head(): Promise<Position> {
    return Promise.resolve(BigInt(this.log.length));
  }

  findReceipt(caller: string, key: string): Promise<StoredReceipt | undefined> {
    return Promise.resolve(this.receipts.find({ caller, key }));
  }

  async keepReceipt(receipt: Receipt, note: string): Promise<void> {
    checkReceipt(receipt);
    checkNote(note);
    await Promise.resolve();
    if (!this.receipts.keep(receipt, { note })) throw new ReceiptExistsError(receipt.caller, receipt.key);
  }

  deleteExpiredReceipts(limit: number): Promise<number> {
    return Promise.resolve(this.receipts.deleteExpired(limit));
  }

  /** By another request: an append that is repeated meets its own receipt, which points at its own events. */
  private isAnswered({ receipt, events }: PreparedAppend): boolean {
    const stored = receipt && this.receipts.find(receipt);
    if (!stored || !('stream' in stored)) return stored !== undefined;
    const last = this.stream(stored.stream)[stored.version - 1];
    return !events.some((event) => event.id === last?.id);
  }

  private stream(id: StreamId): RecordedEvent[] {
    return this.streams.get(streamKey(id)) ?? [];
  }

  private store({ stream, events, claims, releases }: PreparedAppend): void {
    const key = streamKey(stream);
    const timestamp = new Date();
    const recorded = this.stream(stream);
    this.streams.set(key, recorded);
    for (const event of events) {
      const stored: RecordedEvent = {
        position: BigInt(this.log.length + 1),
        id: event.id,
        type: event.type,
        schemaVersion: event.schemaVersion,
        stream: { ...stream },
        version: recorded.length + 1,
        timestamp,
        data: JSON.parse(event.data) as EventData,
        metadata: JSON.parse(event.metadata) as EventMetadata,
      };
      this.log.push(stored);
      recorded.push(stored);
      this.ids.set(stored.id, stored);
    }
    for (const claim of releases)
      if (this.claims.get(claimKey(claim)) === key) this.claims.delete(claimKey(claim));
    for (const claim of claims) this.claims.set(claimKey(claim), key);
  }
}

/** What a reader does to its copy leaves the log as it is. */
function copied(event: RecordedEvent): RecordedEvent {
  return StoredEvent.like(event, {
    stream: { ...event.stream },
    timestamp: new Date(event.timestamp),
    data: JSON.parse(JSON.stringify(event.data)) as EventData,
    metadata: JSON.parse(JSON.stringify(event.metadata)) as EventMetadata,
  });
}
