import {
  AppendSignal,
  EventRegistry,
  EventSourcedRepository,
  PostgresEventStore,
} from '../../../src/event-sourcing';
import { Aggregate, AggregateRoot, DomainError, DomainEvent, On } from '../../../src/event-sourcing/domain';
import { AggregateCache } from '../../../src/event-sourcing/repository/aggregate-cache';
import { startStore, StoreUnderTest } from './postgres-store';

@DomainEvent('DoorMoved')
class DoorMoved {
  constructor(readonly isOpen: boolean) {}
}

@DomainEvent('DoorPainted')
class DoorPainted {
  constructor(readonly colour: string) {}
}

class DoorIsOpenError extends DomainError {
  readonly code = 'door.open';
}

@Aggregate('Door')
class Door extends AggregateRoot {
  private isOpen = false;

  static build(id: string): Door {
    const door = new Door(id);
    door.raise(new DoorMoved(true));
    return door;
  }

  /** Nothing to do where it is closed. */
  close(): void {
    if (this.isOpen) this.raise(new DoorMoved(false));
  }

  open(key?: string): void {
    if (this.isOpen) throw new DoorIsOpenError('It is open.');
    this.raise(new DoorMoved(true));
    if (key !== undefined) this.claim({ scope: 'door.key', value: key });
  }

  openAndPaint(colour: string): void {
    this.open();
    this.paint(colour);
  }

  paint(colour: string): void {
    this.raise(new DoorPainted(colour));
  }

  @On(DoorMoved)
  protected onMoved({ isOpen }: DoorMoved): void {
    this.isOpen = isOpen;
  }

  @On(DoorPainted)
  protected onPainted(): void {
    // The colour decides nothing.
  }
}

let under: StoreUnderTest;
let otherStore: PostgresEventStore;
/** Two processes on one database, each with a store and a cache of its own. */
let here: EventSourcedRepository<Door>;
let elsewhere: EventSourcedRepository<Door>;

beforeAll(async () => {
  under = await startStore();
  otherStore = new PostgresEventStore(
    { connection: { connectionString: under.database.url } },
    new AppendSignal(),
  );
  await under.sql.query('SET session_replication_role = replica');
  const registry = new EventRegistry();
  registry.register(DoorMoved);
  registry.register(DoorPainted);
  here = new EventSourcedRepository(Door, under.store, registry, new AggregateCache(1_000_000));
  elsewhere = new EventSourcedRepository(Door, otherStore, registry, new AggregateCache(1_000_000));
});

afterAll(async () => {
  await otherStore.close();
  await under.close();
});

/** As a failover without the last commit does it: the log ends before it, and goes on with what is appended then. */
async function loseLastCommit(): Promise<void> {
  await under.sql.query(
    'DELETE FROM annals.events WHERE position = (SELECT max(position) FROM annals.events)',
  );
}

/** The door is kept here as closed; its closing is lost, and another process has stored another event at that version. */
async function closedAndLost(id: string): Promise<void> {
  await here.save(Door.build(id));
  await here.update(id, (door) => door.close());
  await loseLastCommit();
  await elsewhere.update(id, (door) => door.paint('red'));
}

async function stored(id: string): Promise<object[]> {
  const events = [];
  for await (const event of under.store.readStream({ type: 'Door', id })) events.push(event.data);
  return events;
}

const openAndRed = [{ isOpen: true }, { colour: 'red' }];

describe('an aggregate that is kept when the database has lost its last commit', () => {
  it.each<[string, (door: Door) => void]>([
    ['one event', (door) => door.open()],
    ['one event and a claim', (door) => door.open('key')],
    ['several events', (door) => door.openAndPaint('blue')],
  ])('decides %s upon the events that are stored', async (what, decide) => {
    await closedAndLost(what);
    await expect(here.update(what, decide)).rejects.toThrow(DoorIsOpenError);
    expect(await stored(what)).toEqual(openAndRed);
  });

  it('finds something to do where it had nothing to do', async () => {
    await closedAndLost('nothing to do');
    await here.update('nothing to do', (door) => door.close());
    expect(await stored('nothing to do')).toEqual([...openAndRed, { isOpen: false }]);
  });

  it('is loaded again also when its stream is shorter now', async () => {
    await here.save(Door.build('shorter'));
    await here.update('shorter', (door) => door.close());
    await loseLastCommit();
    await expect(here.update('shorter', (door) => door.open())).rejects.toThrow(DoorIsOpenError);
    await here.update('shorter', (door) => door.close());
    await loseLastCommit();
    await here.update('shorter', (door) => door.close());
    expect(await stored('shorter')).toEqual([{ isOpen: true }, { isOpen: false }]);
  });

  it('does not spoil the appends that travel with its own', async () => {
    const others = ['a', 'b', 'c'];
    for (const id of others) {
      await here.save(Door.build(id));
      await here.update(id, (door) => door.close());
    }
    await closedAndLost('in a batch');
    const results = await Promise.allSettled(
      ['a', 'in a batch', 'b', 'c'].map((id) => here.update(id, (door) => door.open())),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(await stored('in a batch')).toEqual(openAndRed);
  });

  it('cannot be saved by whoever loaded it before', async () => {
    await here.save(Door.build('loaded'));
    await here.update('loaded', (door) => door.close());
    const door = await here.get('loaded');
    await loseLastCommit();
    await elsewhere.update('loaded', (other) => other.paint('red'));
    door.open();
    await expect(here.save(door)).rejects.toThrow('with another last event than the append expected');
    expect(await stored('loaded')).toEqual(openAndRed);
  });

  it('decides with one append, and without a load, where nothing was lost', async () => {
    await here.save(Door.build('whole'));
    await here.update('whole', (door) => door.close());
    const read = jest.spyOn(under.store, 'readStream');
    for (let round = 0; round < 3; round++) {
      await here.update('whole', (door) => door.open());
      await here.update('whole', (door) => door.close());
    }
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
  });
});
