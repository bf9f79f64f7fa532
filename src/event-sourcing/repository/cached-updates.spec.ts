import { Aggregate, AggregateRoot, DomainError, DomainEvent, On } from '../domain';
import { ClaimTakenError, EventStoreUnavailableError } from '../event-store/errors';
import { NewEvent, StreamId } from '../event-store/event-envelope';
import { EventRegistry } from '../event-store/event-registry';
import { AppendOptions, ReadStreamOptions } from '../event-store/event-store';
import { InMemoryEventStore } from '../event-store/in-memory-event-store';
import { runInMessageContext } from '../messaging/message-context';
import { AggregateCache } from './aggregate-cache';
import { VersionPreconditionError } from './errors';
import { EventSourcedRepository } from './event-sourced-repository';

@DomainEvent('LightSwitched')
class LightSwitched {
  constructor(readonly isOn: boolean) {}
}

@DomainEvent('LightLabelled')
class LightLabelled {
  constructor(readonly labels: string[]) {}
}

class AlreadySwitchedError extends DomainError {
  readonly code = 'light.already-switched';
}

@Aggregate('Light')
class Light extends AggregateRoot {
  isOn = false;
  labels: string[] = [];

  static install(id: string): Light {
    const light = new Light(id);
    light.raise(new LightSwitched(false));
    return light;
  }

  /** Nothing to do where it is so already. */
  ensure(isOn: boolean): void {
    if (this.isOn !== isOn) this.raise(new LightSwitched(isOn));
  }

  /** Refused where it is so already. */
  switch(isOn: boolean): void {
    if (this.isOn === isOn) throw new AlreadySwitchedError('It is so already.');
    this.raise(new LightSwitched(isOn));
  }

  /** Breaks down halfway. */
  flicker(): void {
    this.raise(new LightSwitched(!this.isOn));
    throw new AlreadySwitchedError('It broke.');
  }

  reserve(value: string): void {
    this.raise(new LightSwitched(!this.isOn));
    this.claim({ scope: 'socket', value });
  }

  label(labels: string[]): void {
    this.raise(new LightLabelled(labels));
  }

  @On(LightSwitched)
  protected onSwitched({ isOn }: LightSwitched): void {
    this.isOn = isOn;
  }

  @On(LightLabelled)
  protected onLabelled({ labels }: LightLabelled): void {
    this.labels = labels;
  }
}

@Aggregate('Light', { cache: false })
class UncachedLight extends Light {}

/** Counts reads, and fails on demand after an append was stored. */
class WatchedStore extends InMemoryEventStore {
  loads = 0;
  looks = 0;
  losesAnswer = false;

  override readStream(stream: StreamId, options: ReadStreamOptions = {}) {
    if (options.after) this.looks++;
    else this.loads++;
    return super.readStream(stream, options);
  }

  override async appendToStream(stream: StreamId, events: readonly NewEvent[], options: AppendOptions) {
    const result = await super.appendToStream(stream, events, options);
    if (this.losesAnswer) throw new EventStoreUnavailableError();
    return result;
  }
}

let store: WatchedStore;
let registry: EventRegistry;
/** Two processes on one store, each with a cache of its own. */
let here: EventSourcedRepository<Light>;
let elsewhere: EventSourcedRepository<Light>;

beforeEach(async () => {
  store = new WatchedStore();
  registry = new EventRegistry();
  registry.register(LightSwitched);
  registry.register(LightLabelled);
  here = new EventSourcedRepository(Light, store, registry, new AggregateCache(1_000_000));
  elsewhere = new EventSourcedRepository(Light, store, registry, new AggregateCache(1_000_000));
  await here.save(Light.install('a'));
  await here.update('a', (light) => light.switch(true));
  store.loads = 0;
});

describe('an aggregate that was updated here last', () => {
  it('is not loaded again, and stands where its own events put it', async () => {
    const seen: [number, boolean][] = [];
    for (const isOn of [false, true, false]) {
      await here.update('a', (light) => {
        seen.push([light.version, light.isOn]);
        light.switch(isOn);
      });
    }
    expect(seen).toEqual([
      [2, true],
      [3, false],
      [4, true],
    ]);
    expect(store.loads).toBe(0);
    expect({ ...(await here.get('a')) }).toMatchObject({ isOn: false });
  });

  it('is found as the store has it, in an instance of its own', async () => {
    const one = await here.get('a');
    const other = await here.get('a');
    expect(one).not.toBe(other);
    one.switch(false);
    await here.save(one);
    expect(await here.update('a', (light) => light.switch(true))).toMatchObject({ version: 4 });
  });

  it('is loaded every time where its class says so', async () => {
    const uncached = new EventSourcedRepository(
      UncachedLight,
      store,
      registry,
      new AggregateCache(1_000_000),
    );
    await uncached.update('a', (light) => light.switch(false));
    await uncached.update('a', (light) => light.switch(true));
    expect(store.loads).toBe(2);
  });

  it('is not kept from a command of a durable handler, which may have been stored before', async () => {
    const cause = { correlationId: 'c', actor: 'a', derivedFrom: 'handler/1' };
    const press = () =>
      runInMessageContext({ ...cause }, () => here.update('a', (light) => light.switch(!light.isOn)));
    expect(await press()).toMatchObject({ version: 3 });
    expect(await press()).toMatchObject({ version: 3 });
    let isOn: boolean | undefined;
    await here.update('a', (light) => {
      isOn = light.isOn;
    });
    expect(isOn).toBe(false);
  });

  it('is given up when its events have grown larger than the cache', async () => {
    const small = new EventSourcedRepository(Light, store, registry, new AggregateCache(2_000));
    const label = () => small.update('a', (light) => light.label(['x'.repeat(400)]));
    for (let n = 0; n < 10; n++) await label();
    expect(store.loads).toBeGreaterThan(5);
    expect(store.loads).toBeLessThan(10);
  });
});

describe('an aggregate that another process has changed since', () => {
  beforeEach(() => elsewhere.update('a', (light) => light.switch(false)));

  it('is loaded and decided upon again when events are appended', async () => {
    expect(await here.update('a', (light) => light.ensure(!light.isOn))).toMatchObject({ version: 4 });
    expect((await here.get('a')).isOn).toBe(true);
    store.loads = 0;
    expect(await here.update('a', (light) => light.switch(false))).toMatchObject({ version: 5 });
    expect(store.loads).toBe(0);
  });

  it('is not said to need nothing, for what was so once', async () => {
    expect(await here.update('a', (light) => light.ensure(true))).toMatchObject({ version: 4 });
    expect((await here.get('a')).isOn).toBe(true);
  });

  it('stands where the store has it, for a command that has nothing to do', async () => {
    expect(await here.update('a', (light) => light.ensure(false))).toEqual({ version: 3, position: 3n });
  });

  it('is not refused for what was so once', async () => {
    expect(await here.update('a', (light) => light.switch(true))).toMatchObject({ version: 4 });
  });

  it('is refused for what is so now', async () => {
    await expect(here.update('a', (light) => light.switch(false))).rejects.toThrow(AlreadySwitchedError);
  });

  it('is held against the version that is asked for as it stands now', async () => {
    const ensure = (version: number) =>
      here.update('a', (light) => light.ensure(true), { ifVersion: [version] });
    await expect(ensure(2)).rejects.toMatchObject({ actualVersion: 3 });
    await expect(here.update('a', (light) => light.ensure(false), { ifVersion: [2] })).rejects.toThrow(
      VersionPreconditionError,
    );
    expect(await ensure(3)).toMatchObject({ version: 4 });
  });

  it('meets a precondition that only the kept one fails', async () => {
    expect(await here.update('a', (light) => light.switch(true), { ifVersion: [3] })).toMatchObject({
      version: 4,
    });
  });
});

describe('a command that has nothing to do', () => {
  it('is confirmed by a look behind the last event, and needs no loading', async () => {
    for (let n = 0; n < 3; n++)
      expect(await here.update('a', (light) => light.ensure(true))).toEqual({ version: 2, position: 2n });
    expect(store.loads).toBe(0);
    expect(store.looks).toBe(3);
  });
});

describe('an update that fails halfway', () => {
  const stateSeen = async (): Promise<[number, boolean]> => {
    let seen: [number, boolean] = [0, false];
    await here.update('a', (light) => {
      seen = [light.version, light.isOn];
    });
    return seen;
  };

  it('because the decision throws, leaves nothing of it for the next', async () => {
    await expect(here.update('a', (light) => light.flicker())).rejects.toThrow(AlreadySwitchedError);
    expect(await stateSeen()).toEqual([2, true]);
    expect(await here.update('a', (light) => light.switch(false))).toMatchObject({ version: 3 });
  });

  it('because a claim is taken, leaves nothing of it for the next', async () => {
    await here.save(Light.install('b'));
    await here.update('b', (light) => light.reserve('left'));
    await expect(here.update('a', (light) => light.reserve('left'))).rejects.toThrow(ClaimTakenError);
    expect(await stateSeen()).toEqual([2, true]);
  });

  it('because the answer was lost, is loaded, for nobody knows whether it was stored', async () => {
    store.losesAnswer = true;
    await expect(here.update('a', (light) => light.switch(false))).rejects.toThrow(
      EventStoreUnavailableError,
    );
    store.losesAnswer = false;
    expect(await stateSeen()).toEqual([3, false]);
  });
});

describe('lists in an event', () => {
  it('are not shared between the caller, the state and what is stored', async () => {
    const labels = ['hall'];
    await here.update('a', (light) => {
      light.label(labels);
      light.labels.push('by the state');
    });
    labels.push('by the caller');
    let seen: readonly string[] = [];
    await here.update('a', (light) => {
      seen = [...light.labels];
    });
    expect(seen).not.toContain('by the caller');
    expect((await here.get('a')).labels).toEqual(['hall']);
  });
});
