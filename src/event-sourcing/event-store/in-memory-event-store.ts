import { AppendSignal } from './progress-signal';
import { AppendVerdict, claimKey, resultOf, streamKey } from './append-verdict';
import { EventData } from '../domain';
import { EventMetadata, NewEvent, Position, RecordedEvent, StreamId } from './event-envelope';
import { EventSourcingError, InvalidAppendError } from './errors';
import { AppendOptions, AppendResult, EventStore, ReadAllOptions, ReadStreamOptions } from './event-store';
import { prepareAppend, PreparedAppend, PreparedEvent } from './prepare-append';
import { readPages } from './read-pages';

/** Events that a restart loses are no log. */
export class InMemoryStoreInProductionError extends EventSourcingError {
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

  constructor(private readonly signal: AppendSignal = new AppendSignal()) {
    super();
    if (process.env.NODE_ENV === 'production') throw new InMemoryStoreInProductionError();
  }

  async appendToStream(
    stream: StreamId,
    events: readonly NewEvent[],
    options: AppendOptions,
  ): Promise<AppendResult> {
    if (options.transaction) throw new InvalidAppendError('The in-memory event store cannot join a transaction.');
    const append = prepareAppend(stream, events, options);
    await Promise.resolve();
    const verdict = this.judge(append);
    if (verdict.verdict === 'appended') this.store(append);
    const result = resultOf(append, verdict);
    this.signal.notify();
    return result;
  }

  readStream(stream: StreamId, options: ReadStreamOptions = {}): AsyncIterable<RecordedEvent> {
    return readPages(options, (after, limit) =>
      Promise.resolve(this.stream(stream).slice(after, after + limit)),
    );
  }

  readAll({ after, limit = 1_000 }: ReadAllOptions): Promise<readonly RecordedEvent[]> {
    return Promise.resolve(this.log.slice(Number(after), Number(after) + Math.min(limit, 10_000)));
  }

  head(): Promise<Position> {
    return Promise.resolve(BigInt(this.log.length));
  }

  private stream(id: StreamId): RecordedEvent[] {
    return this.streams.get(streamKey(id)) ?? [];
  }

  private judge(append: PreparedAppend): AppendVerdict {
    const version = this.stream(append.stream).length;
    const expected = append.expectedVersion === 'no-stream' ? 0 : append.expectedVersion;
    const isThere = expected === 'any' || expected === version || (expected === 'stream-exists' && version > 0);
    if (!isThere || append.events.some((event) => this.ids.has(event.id))) {
      return this.judgeRepeated(append, expected, version);
    }
    const owner = streamKey(append.stream);
    const claim = append.claims.find((c) => (this.claims.get(claimKey(c)) ?? owner) !== owner);
    if (claim) return { verdict: 'claim', version, position: 0n, claim };
    const end = version + append.events.length;
    const position = append.events.length > 0 ? this.log.length + append.events.length : this.positionAt(append, end);
    return { verdict: 'appended', version: end, position: BigInt(position) };
  }

  private judgeRepeated(append: PreparedAppend, expected: number | string, version: number): AppendVerdict {
    const refused = (verdict: 'version' | 'duplicate'): AppendVerdict => ({ verdict, version, position: 0n });
    const first = append.events[0];
    if (expected === version) return refused('duplicate');
    if (!first || (expected === 'stream-exists' && version === 0) || Number(expected) > version) return refused('version');
    const before = typeof expected === 'number' ? expected : this.versionBefore(append.stream, first);
    if (before === undefined) return refused('duplicate');
    const stored = this.stream(append.stream).slice(before, before + append.events.length);
    const end = before + append.events.length;
    if (append.events.every((event, index) => stored[index]?.id === event.id)) {
      return { verdict: 'repeated', version: end, position: BigInt(this.positionAt(append, end)) };
    }
    const isPast = stored[0]?.id !== first.id || stored.length < append.events.length;
    return refused(typeof expected === 'number' && isPast ? 'version' : 'duplicate');
  }

  private versionBefore(stream: StreamId, event: PreparedEvent): number | undefined {
    const stored = this.ids.get(event.id);
    return stored && streamKey(stored.stream) === streamKey(stream) ? stored.version - 1 : undefined;
  }

  private positionAt({ stream }: PreparedAppend, version: number): number {
    return Number(this.stream(stream)[version - 1]?.position ?? 0);
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
    for (const claim of releases) if (this.claims.get(claimKey(claim)) === key) this.claims.delete(claimKey(claim));
    for (const claim of claims) this.claims.set(claimKey(claim), key);
  }
}
