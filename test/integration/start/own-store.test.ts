import { Global, Injectable, Logger, Module, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import {
  aggregateRepositoryToken,
  AppendOptions,
  AppendResult,
  AppendSignal,
  DurableEventsHandler,
  EventSourcedRepository,
  EventSourcingModule,
  EventSourcingOptions,
  EventStore,
  InMemoryEventStore,
  NewEvent,
  Position,
  ProjectionPositions,
  ReadAllOptions,
  ReadStreamOptions,
  Receipt,
  RecordedEvent,
  StoredReceipt,
  StreamId,
  SubscriptionStatuses,
} from '../../../src/event-sourcing';
import { eventStoreContract } from '../../../src/event-sourcing/testing';
import { createTestDatabase, TestDatabase } from '../../support/test-database';
import { Bell, BellEntity, createBells, Host, refusal, Rung, run, startHost, stopHosts } from './host';

/** A service of the application, which its store needs. */
@Injectable()
class Journal {
  readonly lines: string[] = [];
}

@Global()
@Module({ providers: [Journal], exports: [Journal] })
class JournalModule {}

/** A store of another team: it knows nothing of Postgres, and only what EventStore asks of it. */
@Injectable()
class ForeignStore extends EventStore {
  private readonly events: InMemoryEventStore;

  constructor(
    private readonly journal: Journal,
    signal: AppendSignal,
  ) {
    super();
    this.events = new InMemoryEventStore(signal);
  }

  appendToStream(s: StreamId, events: readonly NewEvent[], options: AppendOptions): Promise<AppendResult> {
    this.journal.lines.push(...events.map(({ type }) => `append ${type}`));
    return this.events.appendToStream(s, events, options);
  }

  readStream(stream: StreamId, options?: ReadStreamOptions): AsyncIterable<RecordedEvent> {
    return this.events.readStream(stream, options);
  }

  readAll(options: ReadAllOptions): Promise<readonly RecordedEvent[]> {
    return this.events.readAll(options);
  }

  head(): Promise<Position> {
    return this.events.head();
  }

  findReceipt(caller: string, key: string): Promise<StoredReceipt | undefined> {
    return this.events.findReceipt(caller, key);
  }

  keepReceipt(receipt: Receipt, note: string): Promise<void> {
    return this.events.keepReceipt(receipt, note);
  }

  deleteExpiredReceipts(limit: number): Promise<number> {
    return this.events.deleteExpiredReceipts(limit);
  }

  override close(): Promise<void> {
    this.journal.lines.push('close');
    return Promise.resolve();
  }
}

describe('a store of your own', () => {
  const handled: string[] = [];

  @DurableEventsHandler('mail', Rung)
  class Mail {
    handle(_event: Rung, { recorded }: { readonly recorded: RecordedEvent }): void {
      handled.push(recorded.stream.id);
    }
  }

  let database: TestDatabase;

  beforeEach(async () => {
    for (const level of ['log', 'warn', 'error'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation();
    database = await createTestDatabase();
    await run(database.url, createBells);
    handled.length = 0;
  });

  afterEach(async () => {
    await stopHosts();
    await database.drop();
    jest.restoreAllMocks();
  });

  const host = (store: EventSourcingOptions['store']): Host => ({
    url: database.url,
    kernel: { store },
    before: [JournalModule],
    behind: [TypeOrmModule.forFeature([BellEntity])],
    providers: [Mail],
  });

  it.each([
    ['made by Nest', () => ForeignStore],
    ['made by the application', () => new ForeignStore(new Journal(), new AppendSignal())],
  ])('%s: aggregates, read models and durable handlers work on it', async (_how, store) => {
    const application = await startHost(host(store()));
    const bells = application.get<EventSourcedRepository<Bell>>(aggregateRepositoryToken(Bell), {
      strict: false,
    });
    await bells.save(new Bell('big-ben').ring().ring());
    const { position } = await bells.update('big-ben', (bell) => void bell.ring());
    const positions = application.get(ProjectionPositions, { strict: false });
    expect(await positions.waitFor('bells', position, 10_000)).toBe(true);
    const rows = application.get<Repository<BellEntity>>(getRepositoryToken(BellEntity), { strict: false });
    expect(await rows.findOneByOrFail({ id: 'big-ben' })).toEqual({ id: 'big-ben', rings: 3 });
    expect(await positions.waitFor('mail', position, 10_000)).toBe(true);
    expect(handled).toEqual(['big-ben', 'big-ben', 'big-ben']);
    const statuses = await application.get(SubscriptionStatuses, { strict: false }).all();
    expect(statuses.map(({ name, state, head, failure }) => [name, state, head, failure])).toEqual([
      ['bells', 'running', position, null],
      ['mail', 'running', position, null],
    ]);
    expect(await run(database.url, 'SELECT FROM annals.events')).toEqual([]);
  });

  it('is closed with the application, after the last append', async () => {
    const application = await startHost(host(ForeignStore));
    const { lines } = application.get(Journal, { strict: false });
    await application
      .get<EventSourcedRepository<Bell>>(aggregateRepositoryToken(Bell), { strict: false })
      .save(new Bell('a').ring());
    await stopHosts();
    expect(lines).toEqual(['append Rung', 'close']);
  });

  it('needs no data source where nothing is subscribed', async () => {
    const application = await startHost({
      ...host(ForeignStore),
      url: false,
      projectors: [],
      providers: [],
      behind: [],
    });
    expect(application.get(EventStore, { strict: false })).toBeInstanceOf(ForeignStore);
  });

  it('needs one for checkpoints', async () => {
    expect(await refusal({ ...host(ForeignStore), url: false, projectors: [], behind: [] })).toContain(
      'There is no data source for the checkpoints of mail.',
    );
  });

  it('may come from the factory of forRootAsync, as a provider of its imports', async () => {
    @Module({ imports: [JournalModule], providers: [ForeignStore, AppendSignal], exports: [ForeignStore] })
    class StoreModule {}
    const root = EventSourcingModule.forRootAsync({
      imports: [StoreModule],
      inject: [ForeignStore],
      useFactory: (store: ForeignStore) => ({ store, subscriptions: { enabled: false } }),
    });
    const application = await Test.createTestingModule({ imports: [root] }).compile();
    await application.init();
    expect(application.get(EventStore)).toBeInstanceOf(ForeignStore);
    await application.close();
  });

  class NoStore {}
  it.each([
    ['a class that is none', NoStore],
    ['an object without a connection', {}],
    ['a wrong word', 'memory'],
  ])('is refused when it is %s', async (_what, store) => {
    expect(await refusal({ url: false, projectors: [], kernel: { store: store as never } })).toContain(
      'The option `store` names no event store.',
    );
  });
});

describe('a store of your own keeps the contract', () => {
  const store = new ForeignStore(new Journal(), new AppendSignal());

  it.each(eventStoreContract)('$name', ({ run: runCase }) => runCase(store));
});

/** Compiles as a type of the option. */
const storeClass: Type<EventStore> = ForeignStore;
void storeClass;
