import { randomUUID } from 'node:crypto';
import {
  AppendOptions,
  AppendResult,
  InMemoryEventStore,
  NewEvent,
  ReadAllOptions,
  ReadStreamOptions,
  Receipt,
  RecordedEvent,
  StoredReceipt,
  StreamId,
  WrongExpectedVersionError,
} from '../../../src/event-sourcing';

type Append = (
  stream: StreamId,
  events: readonly NewEvent[],
  options: AppendOptions,
) => Promise<AppendResult>;

interface Faults {
  append?: (append: Append, ...given: Parameters<Append>) => Promise<AppendResult>;
  readStream?: (event: RecordedEvent) => RecordedEvent | undefined;
  readAll?: (events: readonly RecordedEvent[]) => readonly RecordedEvent[];
  streamOptions?: (options: ReadStreamOptions) => ReadStreamOptions;
  logOptions?: (options: ReadAllOptions) => ReadAllOptions;
  /** Changes the receipt on its way in. */
  receipt?: (receipt: Receipt) => Receipt;
  findReceipt?: (found: StoredReceipt | undefined) => StoredReceipt | undefined;
  keepReceipt?: (keep: () => Promise<void>) => Promise<void>;
  deleteReceipts?: (limit: number) => number;
}

/** A store that is right but for its faults. */
class FaultyStore extends InMemoryEventStore {
  constructor(private readonly faults: Faults) {
    super();
  }

  override appendToStream(...given: Parameters<Append>): Promise<AppendResult> {
    const append: Append = (stream, events, options) => {
      const receipt = options.receipt && this.received(options.receipt);
      return super.appendToStream(stream, events, { ...options, receipt });
    };
    return this.faults.append ? this.faults.append(append, ...given) : append(...given);
  }

  override async findReceipt(caller: string, key: string): Promise<StoredReceipt | undefined> {
    const asked = this.received({ caller, key, fingerprint: '', keepSeconds: 0 });
    const found = await super.findReceipt(asked.caller, asked.key);
    return this.faults.findReceipt ? this.faults.findReceipt(found) : found;
  }

  override keepReceipt(receipt: Receipt, note: string): Promise<void> {
    const keep = () => super.keepReceipt(this.received(receipt), note);
    return this.faults.keepReceipt ? this.faults.keepReceipt(keep) : keep();
  }

  override deleteExpiredReceipts(limit: number): Promise<number> {
    return super.deleteExpiredReceipts(this.faults.deleteReceipts?.(limit) ?? limit);
  }

  private received(receipt: Receipt): Receipt {
    return this.faults.receipt?.(receipt) ?? receipt;
  }

  override async *readStream(
    stream: StreamId,
    options: ReadStreamOptions = {},
  ): AsyncIterable<RecordedEvent> {
    for await (const event of super.readStream(stream, this.faults.streamOptions?.(options) ?? options)) {
      const given = this.faults.readStream ? this.faults.readStream(event) : event;
      if (given) yield given;
    }
  }

  override async readAll(options: ReadAllOptions): Promise<readonly RecordedEvent[]> {
    const events = await super.readAll(this.faults.logOptions?.(options) ?? options);
    return this.faults.readAll?.(events) ?? events;
  }
}

function broken(faults: Faults): () => InMemoryEventStore {
  return () => new FaultyStore(faults);
}

async function nothing(): Promise<AppendResult> {
  return Promise.resolve({ version: 0, position: 0n });
}

/** Stores with one fault each. Together they prove that every case of the contract can fail. */
export const brokenStores: Readonly<Record<string, () => InMemoryEventStore>> = {
  'checks no version': broken({
    append: (append, stream, events, options) =>
      append(stream, events, { ...options, expectedVersion: 'any' }),
  }),
  'ignores which event is the last': broken({
    append: (append, stream, events, { lastEventId: _id, ...options }) => append(stream, events, options),
  }),
  'takes every last event for another one': broken({
    append: (append, stream, events, options) =>
      append(stream, events, { ...options, lastEventId: options.lastEventId && randomUUID() }),
  }),
  'stores nothing': broken({ append: nothing }),
  'refuses everything': broken({
    append: (_append, stream) => Promise.reject(new WrongExpectedVersionError(stream, 0, 0)),
  }),
  'forgets event ids': broken({
    append: (append, stream, events, options) =>
      append(
        stream,
        events.map(({ id: _id, ...event }) => event),
        options,
      ),
  }),
  'takes any version for an exact one': broken({
    append: (append, stream, events, options) =>
      append(stream, events, {
        ...options,
        expectedVersion: options.expectedVersion === 'any' ? 0 : options.expectedVersion,
      }),
  }),
  'takes every stream for existing': broken({
    append: (append, stream, events, options) =>
      append(stream, events, {
        ...options,
        expectedVersion: options.expectedVersion === 'stream-exists' ? 'any' : options.expectedVersion,
      }),
  }),
  'ignores claims': broken({
    append: (append, stream, events, { expectedVersion }) => append(stream, events, { expectedVersion }),
  }),
  'ignores releases': broken({
    append: (append, stream, events, { expectedVersion, claims }) =>
      append(stream, events, { expectedVersion, claims }),
  }),
  'claims and releases without a scope': broken({
    append: (append, stream, events, options) =>
      append(stream, events, {
        ...options,
        claims: options.claims?.map(({ value }) => ({ scope: 'all', value })),
        releases: options.releases?.map(({ value }) => ({ scope: 'all', value })),
      }),
  }),
  'ignores receipts': broken({
    append: (append, stream, events, { receipt: _receipt, ...options }) => append(stream, events, options),
  }),
  'keeps one receipt for all callers': broken({ receipt: (receipt) => ({ ...receipt, caller: 'all' }) }),
  'keeps one receipt for all keys of a caller': broken({
    receipt: (receipt) => ({ ...receipt, key: 'all' }),
  }),
  'never lets a receipt run out': broken({ receipt: (receipt) => ({ ...receipt, keepSeconds: 3_600 }) }),
  'keeps no receipt for long': broken({ receipt: (receipt) => ({ ...receipt, keepSeconds: 0 }) }),
  'keeps every note': broken({ keepReceipt: (keep) => keep().catch(() => undefined) }),
  'loses notes': broken({ keepReceipt: () => Promise.resolve() }),
  'forgets fingerprints': broken({ findReceipt: (found) => found && { ...found, fingerprint: '' } }),
  'deletes no receipt': broken({ deleteReceipts: () => 0 }),
  'deletes all receipts at once': broken({ deleteReceipts: () => 1_000_000 }),
  'checks the version before the receipt': broken({
    append: async (append, stream, events, options) => {
      await append(stream, [], { expectedVersion: options.expectedVersion });
      return append(stream, events, options);
    },
  }),
  'keeps the receipt of what it refuses': broken({
    append: async (append, stream, events, { receipt, ...options }) => {
      if (receipt) await append(stream, [], { expectedVersion: 'any', receipt });
      return append(stream, events, options);
    },
  }),
  'keeps a receipt once the append is done': broken({
    append: async (append, stream, events, { receipt, ...options }) => {
      const result = await append(stream, events, options);
      if (receipt) await append(stream, [], { expectedVersion: 'any', receipt });
      return result;
    },
  }),
  'releases for everybody': releasesForEverybody(),
  'refuses its own claims': refusesOwnClaims(),
  'claims before it checks': claimsBeforeItChecks(),
  'tells the version before the append': broken({
    append: async (append, stream, events, options) => {
      const { version, position } = await append(stream, events, options);
      return { version: version - 1, position };
    },
  }),
  'tells the position before the append': broken({
    append: async (append, stream, events, options) => {
      const { version, position } = await append(stream, events, options);
      return { version, position: position - 1n };
    },
  }),
  'stores a part of what it refuses': broken({
    append: async (append, stream, events, options) => {
      try {
        return await append(stream, events, options);
      } catch (error) {
        await append(stream, [{ type: 'Part', data: {} }], { expectedVersion: 'any' });
        throw error;
      }
    },
  }),
  'cleans what it should refuse': broken({
    append: (append, stream, events, options) =>
      append(stream, events.map(cleaned), {
        ...options,
        expectedVersion: Number(options.expectedVersion) < 0 ? 0 : options.expectedVersion,
      }),
  }),
  'mangles text': broken({
    readStream: (event) => ({
      ...event,
      data: JSON.parse(JSON.stringify(event.data).replaceAll(/[^ -~]/g, '?')) as NewEvent['data'],
    }),
  }),
  'orders members as it likes': broken({
    readStream: (event) => ({ ...event, data: Object.fromEntries(Object.entries(event.data).reverse()) }),
  }),
  'drops the schema version': broken({ readStream: (event) => ({ ...event, schemaVersion: 1 }) }),
  'drops metadata': broken({
    readStream: (event) => ({ ...event, metadata: {} as RecordedEvent['metadata'] }),
  }),
  'skips events of a stream': broken({ readStream: (event) => (event.version === 2 ? undefined : event) }),
  'skips events of the log': broken({
    readAll: (events) => events.filter((event) => event.position % 7n !== 0n),
  }),
  'ignores where a stream is to be read from': broken({ streamOptions: ({ limit }) => ({ limit }) }),
  'ignores how much of a stream is to be read': broken({ streamOptions: ({ after }) => ({ after }) }),
  'ignores how much of the log is to be read': broken({ logOptions: ({ after }) => ({ after }) }),
  'hands out what it keeps': handsOutWhatItKeeps(),
  'mixes streams of one id': mixesTypes(),
  'invents a stream': inventsStreams(),
  'tells another version than the one that is stored': broken({
    append: async (append, stream, events, options) => {
      try {
        return await append(stream, events, options);
      } catch (error) {
        if (error instanceof WrongExpectedVersionError) {
          throw new WrongExpectedVersionError(stream, options.expectedVersion, error.actualVersion + 1);
        }
        throw error;
      }
    },
  }),
};

/** Bad data made good in silence, which the contract forbids. */
function cleaned({ type, schemaVersion, metadata }: NewEvent): NewEvent {
  return { type: type.slice(0, 10), schemaVersion, metadata, data: { cleaned: true } };
}

function releasesForEverybody(): () => InMemoryEventStore {
  return () => {
    const released = new Set<string>();
    return new FaultyStore({
      append: (append, stream, events, options) => {
        options.releases?.forEach(({ value }) => released.add(value));
        const claims = options.claims?.filter(({ value }) => !released.has(value));
        return append(stream, events, { ...options, claims });
      },
    });
  };
}

function refusesOwnClaims(): () => InMemoryEventStore {
  return () => {
    const claimed = new Set<string>();
    return new FaultyStore({
      append: (append, stream, events, options) => {
        if (options.claims?.some(({ value }) => claimed.has(value))) {
          return Promise.reject(new WrongExpectedVersionError(stream, 0, 0));
        }
        options.claims?.forEach(({ value }) => claimed.add(value));
        return append(stream, events, options);
      },
    });
  };
}

function claimsBeforeItChecks(): () => InMemoryEventStore {
  return broken({
    append: async (append, stream, events, options) => {
      const { claims, releases } = options;
      await append(stream, [], { expectedVersion: 'any', claims, releases });
      return append(stream, events, options);
    },
  });
}

function handsOutWhatItKeeps(): () => InMemoryEventStore {
  return () => {
    const kept = new Map<string, NewEvent['data']>();
    return new FaultyStore({
      readStream: (event) => {
        const data = kept.get(event.id) ?? event.data;
        kept.set(event.id, data);
        return { ...event, data };
      },
    });
  };
}

function mixesTypes(): () => InMemoryEventStore {
  return broken({
    append: (append, stream, events, options) =>
      append({ ...stream, type: stream.type.replace(/2$/, '') }, events, {
        ...options,
        expectedVersion: 'any',
      }),
  });
}

function inventsStreams(): () => InMemoryEventStore {
  return () => {
    class Inventive extends InMemoryEventStore {
      override async *readStream(stream: StreamId): AsyncIterable<RecordedEvent> {
        await this.appendToStream(stream, [{ type: 'Invented', data: {} }], { expectedVersion: 'any' });
        yield* super.readStream(stream);
      }
    }
    return new Inventive();
  };
}
