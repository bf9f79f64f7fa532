import { AsyncResource } from 'node:async_hooks';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { AppendVerdict, resultOf } from '../append-verdict';
import { claimKey, receiptKey, streamKey } from '../keys';
import {
  DatabaseAnswerError,
  EventStoreClosedError,
  EventStoreOverloadedError,
  WrongExpectedVersionError,
} from '../errors';
import { AppendResult } from '../event-store';
import { PreparedAppend } from '../prepare-append';
import { AppendBatches } from './append-batches';
import { isDatabaseUnavailable } from '../../postgres/database-failure';

export interface AppendQueueLimits {
  /** Appends that may wait; one more is refused. */
  readonly waiting: number;
  readonly appendsPerBatch: number;
  /** JSON characters in one batch; a single larger append goes alone. */
  readonly sizePerBatch: number;
}

interface WaitingAppend {
  readonly append: PreparedAppend;
  readonly stream: string;
  readonly keys: readonly string[];
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Appends that were stored by the batch before, by stream: they make some waiting ones stale. */
type StoredAppends = ReadonlyMap<string, { readonly append: PreparedAppend; readonly versionBefore: number }>;

/**
 * Group commit: one batch is under way at a time, and what arrives meanwhile travels together in the next. An append
 * that finds the queue at rest goes at once, alone. No two appends of a batch touch the same stream, event id,
 * claimed value or receipt, so each verdict stands for itself; those that do follow each other in the order of their arrival.
 */
export class AppendQueue {
  private waiting: WaitingAppend[] = [];
  private running: Promise<void> | undefined;
  private closed = false;
  /** The loop serves many callers: it must not run, and log, in the message context of whoever woke it. */
  private readonly outside = new AsyncResource('AppendQueue');

  constructor(
    private readonly batches: Pick<AppendBatches, 'send'>,
    private readonly limits: AppendQueueLimits,
  ) {}

  push(append: PreparedAppend): Promise<AppendResult> {
    if (this.closed) return Promise.reject(new EventStoreClosedError());
    if (this.waiting.length >= this.limits.waiting) {
      return Promise.reject(new EventStoreOverloadedError(this.waiting.length));
    }
    return new Promise((resolve, reject) => {
      const stream = streamKey(append.stream);
      this.waiting.push({ append, stream, keys: keysOf(append, stream), resolve, reject });
      this.running ??= this.outside.runInAsyncScope(() => this.run());
    });
  }

  /** Appends that wait for a batch; those under way do not count. */
  get length(): number {
    return this.waiting.length;
  }

  /** Refuses new appends, and waits for those it took. */
  async close(): Promise<void> {
    this.closed = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.takeBatch();
      const stored = await this.sendAndSettle(batch);
      // Yield once: callers that just got their answer often append again at once, and those appends can join the next batch.
      if (batch.length > 1 || this.waiting.length > 0) await turnOfTheLoop();
      this.refuseStale(stored);
    }
    this.running = undefined;
  }

  /** Refuses appends that this batch made stale. Their callers reload only after the next batch was sent. */
  private refuseStale(stored: StoredAppends): void {
    const stale: (() => void)[] = [];
    this.waiting = this.waiting.filter((item) => {
      const version = newerVersion(item, stored);
      if (version === undefined) return true;
      const { stream, expectedVersion } = item.append;
      stale.push(() => item.reject(new WrongExpectedVersionError(stream, expectedVersion, version)));
      return false;
    });
    const refuse = (): void => stale.forEach((reject) => reject());
    if (this.waiting.length > 0) setImmediate(refuse);
    else refuse();
  }

  private takeBatch(): WaitingAppend[] {
    const batch: WaitingAppend[] = [];
    const kept: WaitingAppend[] = [];
    const touched = new Set<string>();
    let size = 0;
    for (const item of this.waiting) {
      const isFree = item.keys.every((key) => !touched.has(key));
      const fits =
        batch.length < this.limits.appendsPerBatch &&
        (batch.length === 0 || size + item.append.size <= this.limits.sizePerBatch);
      if (isFree && fits) {
        batch.push(item);
        size += item.append.size;
      } else {
        kept.push(item);
      }
      item.keys.forEach((key) => touched.add(key));
    }
    this.waiting = kept;
    return batch;
  }

  private async sendAndSettle(batch: readonly WaitingAppend[]): Promise<StoredAppends> {
    try {
      return settle(batch, await this.batches.send(batch.map((item) => item.append)));
    } catch (error) {
      if (batch.length === 1 || isDatabaseUnavailable(error)) {
        batch.forEach((item) => item.reject(error));
        return new Map();
      }
    }
    // One of them makes the statement fail: alone, each fails or succeeds for itself.
    const stored = new Map<string, { append: PreparedAppend; versionBefore: number }>();
    for (const item of batch) {
      (await this.sendAndSettle([item])).forEach((append, stream) => stored.set(stream, append));
    }
    return stored;
  }
}

function keysOf(append: PreparedAppend, stream: string): readonly string[] {
  const keys = [`s${stream}`];
  for (const event of append.events) keys.push(event.id);
  if (append.receipt) keys.push(`r${receiptKey(append.receipt)}`);
  for (const claim of append.claims) keys.push(`c${claimKey(claim)}`);
  for (const claim of append.releases) keys.push(`c${claimKey(claim)}`);
  return keys;
}

function settle(batch: readonly WaitingAppend[], verdicts: readonly AppendVerdict[]): StoredAppends {
  const stored = new Map<string, { append: PreparedAppend; versionBefore: number }>();
  batch.forEach((item, index) => {
    const verdict = verdicts[index];
    try {
      if (!verdict) throw new DatabaseAnswerError('what became of an append');
      item.resolve(resultOf(item.append, verdict));
      if (verdict.verdict === 'appended') {
        stored.set(item.stream, {
          append: item.append,
          versionBefore: verdict.version - item.append.events.length,
        });
      }
    } catch (error) {
      item.reject(error);
    }
  });
  return stored;
}

/**
 * The current version of the stream if another append just took the expected one: then no query is needed. Undefined for a
 * possible retry (an append with the same first event id) and for an append with a receipt: only the database can judge those.
 */
function newerVersion(item: WaitingAppend, stored: StoredAppends): number | undefined {
  const winner = stored.get(item.stream);
  const { expectedVersion, events, receipt } = item.append;
  const expected = expectedVersion === 'no-stream' ? 0 : expectedVersion;
  if (!winner || receipt || typeof expected !== 'number') return undefined;
  const inPlace = winner.append.events[expected - winner.versionBefore];
  if (!inPlace || inPlace.id === events[0]?.id) return undefined;
  return winner.versionBefore + winner.append.events.length;
}
