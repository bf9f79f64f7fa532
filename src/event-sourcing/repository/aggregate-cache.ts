import { AggregateRoot } from '../domain';
import { streamKey } from '../event-store/keys';
import { StreamId } from '../event-store/event-envelope';

/** An aggregate as it stood behind the last event that this process stored or read of it. */
export interface CachedAggregate {
  readonly aggregate: AggregateRoot;
  /** Estimated, in bytes: the JSON of its events, which bounds what its state was made from. */
  readonly size: number;
}

/** Default of the option `aggregateCacheBytes`: 64 MiB. */
const defaultBytes = 64 * 1_048_576;

/** What an entry takes besides its events: the instance, its key and its place in the map. In bytes. */
const entrySize = 512;

/**
 * Loaded aggregates of this process, the one that was used last kept longest, bounded by bytes. It knows nothing of other
 * processes, so an entry may be behind its stream: whoever decides upon one must have the store confirm it.
 *
 * An instance is handed to one decision at a time: `take` removes it, and only a decision that left it clean and in step with
 * its stream may `keep` it. What fails halfway is thereby forgotten; and so is one on which something waits to be stored, which
 * no later command may store as its own.
 */
export class AggregateCache {
  private readonly entries = new Map<string, CachedAggregate>();
  private bytes = 0;

  /** @param maxBytes 0 keeps nothing. */
  constructor(private readonly maxBytes = defaultBytes) {}

  /** The estimated size of what is kept, in bytes. */
  get size(): number {
    return this.bytes;
  }

  take(stream: StreamId): CachedAggregate | undefined {
    const key = streamKey(stream);
    const entry = this.entries.get(key);
    if (entry) this.forget(key, entry);
    return entry && AggregateRoot.isClean(entry.aggregate) ? entry : undefined;
  }

  keep(stream: StreamId, entry: CachedAggregate): void {
    this.take(stream);
    this.entries.set(streamKey(stream), entry);
    this.bytes += entrySize + entry.size;
    for (const [key, oldest] of this.entries) {
      if (this.bytes <= this.maxBytes) break;
      this.forget(key, oldest);
    }
  }

  private forget(key: string, entry: CachedAggregate): void {
    this.entries.delete(key);
    this.bytes -= entrySize + entry.size;
  }
}
