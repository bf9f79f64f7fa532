import { setTimeout as delay } from 'node:timers/promises';
import { Global, Injectable, Module, Type } from '@nestjs/common';
import { Test, TestingModule } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { Aggregate, AggregateRoot, DomainEvent, On } from './domain';
import { EventRegistrationError } from './event-store/event-registry';
import { EventStore } from './event-store/event-store';
import { InMemoryEventStore } from './event-store/in-memory-event-store';
import { EventSourcingModule } from './event-sourcing.module';
import { EventSourcingFeature } from './event-sourcing.options';
import { Projector } from './projections/projector';
import { Projections } from './projections/projections';
import { EventSourcedRepository } from './repository/event-sourced-repository';
import { aggregateRepositoryToken, InjectAggregate } from './repository/inject-aggregate';
import { DurableEventsHandler } from './subscriptions/handlers/durable-events-handler';

@DomainEvent('LampLit')
class LampLit {}

@Aggregate('Lamp')
class Lamp extends AggregateRoot {
  isLit = false;

  static light(id: string): Lamp {
    const lamp = new Lamp(id);
    lamp.raise(new LampLit());
    return lamp;
  }

  @On(LampLit)
  protected onLit(_event: LampLit): void {
    this.isLit = true;
  }
}

@Projector('lamps', { version: 1, entities: [] })
class LampsProjector {
  @On(LampLit)
  onLit(_event: LampLit): void {}
}

class KnownRows {}
class UnknownRows {}

/** Stands in for TypeORM: nothing of it is asked but which entities it knows. */
const dataSource = {
  isInitialized: true,
  hasMetadata: (entity: unknown) => entity === KnownRows,
  getMetadata: () => ({ tableName: 'known_rows', columns: [] }),
  query: jest.fn(),
};

@Global()
@Module({ providers: [{ provide: DataSource, useValue: dataSource }], exports: [DataSource] })
class DataSourceModule {}

const running: TestingModule[] = [];

/** The application that these features make, started without subscriptions. */
async function start(...features: readonly EventSourcingFeature[]): Promise<TestingModule> {
  return startWith(...features.map((feature) => featureModule(feature)));
}

async function startWith(...modules: readonly Type[]): Promise<TestingModule> {
  const root = EventSourcingModule.forRoot({ store: 'in-memory', subscriptions: { enabled: false } });
  const builder = Test.createTestingModule({ imports: [DataSourceModule, root, ...modules] });
  const application = await builder.compile();
  running.push(application);
  return application.init();
}

function featureModule(feature: EventSourcingFeature, providers: readonly Type[] = []): Type {
  @Module({ imports: [EventSourcingModule.forFeature(feature)], providers: [...providers] })
  class FeatureModule {}
  return FeatureModule;
}

/** Why the application does not start. */
async function refusal(...features: readonly EventSourcingFeature[]): Promise<Error> {
  try {
    await start(...features);
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error('The application started.');
}

afterEach(async () => {
  for (const application of running.splice(0)) await application.close();
  expect(dataSource.query).not.toHaveBeenCalled();
});

describe('an application', () => {
  it('starts with the in-memory store, and projects nothing while subscriptions are off', async () => {
    const application = await start({ aggregates: [Lamp], projectors: [LampsProjector] });
    expect(application.get(EventStore, { strict: false })).toBeInstanceOf(InMemoryEventStore);
    const projections = application.get(Projections, { strict: false });
    expect(projections.all().map(({ name }) => name)).toEqual(['lamps']);
    await application
      .get<EventSourcedRepository<Lamp>>(aggregateRepositoryToken(Lamp), { strict: false })
      .save(Lamp.light('l-1'));
    await delay(20);
    expect(dataSource.query).not.toHaveBeenCalled();
  });

  it('injects a repository that stores and loads, by @InjectAggregate', async () => {
    @Injectable()
    class Lighting {
      constructor(@InjectAggregate(Lamp) readonly lamps: EventSourcedRepository<Lamp>) {}
    }
    const application = await startWith(featureModule({ aggregates: [Lamp] }, [Lighting]));
    const { lamps } = application.get(Lighting, { strict: false });
    expect(lamps).toBeInstanceOf(EventSourcedRepository);
    expect(await lamps.save(Lamp.light('l-1'))).toEqual({ version: 1, position: 1n });
    expect((await lamps.get('l-1')).isLit).toBe(true);
    expect(await application.get(EventStore, { strict: false }).head()).toBe(1n);
  });

  it('gives the repository by its token, for tests and factories', async () => {
    const application = await start({ aggregates: [Lamp] });
    const repository: unknown = application.get(aggregateRepositoryToken(Lamp), { strict: false });
    expect(repository).toBeInstanceOf(EventSourcedRepository);
  });

  it('lets features share an event, and an aggregate', async () => {
    await expect(
      start({ aggregates: [Lamp] }, { aggregates: [Lamp], projectors: [LampsProjector] }),
    ).resolves.toBeDefined();
  });

  it('makes projectors with what they inject', async () => {
    @Injectable()
    class Oil {}
    @Module({ providers: [Oil], exports: [Oil] })
    class OilModule {}
    @Projector('oil', { version: 1, entities: [] })
    class OilProjector {
      constructor(readonly oil: Oil) {}

      @On(LampLit)
      onLit(_event: LampLit): void {}
    }
    const application = await start({ projectors: [OilProjector], imports: [OilModule] });
    expect(application.get(OilProjector, { strict: false }).oil).toBeInstanceOf(Oil);
  });
});

describe('an application does not start with', () => {
  it('the in-memory store in production', async () => {
    const { NODE_ENV } = process.env;
    process.env.NODE_ENV = 'production';
    try {
      expect((await refusal()).message).toContain('In production use the Postgres store.');
    } finally {
      process.env.NODE_ENV = NODE_ENV;
    }
  });

  it('two event classes of different features for one stored type', async () => {
    @DomainEvent('LampLit')
    class CandleLit {}
    @Aggregate('Candle')
    class Candle extends AggregateRoot {
      @On(CandleLit)
      protected onLit(_event: CandleLit): void {}
    }
    const error = await refusal({ aggregates: [Lamp] }, { aggregates: [Candle] });
    expect(error).toBeInstanceOf(EventRegistrationError);
    expect(error.message).toMatch(/LampLit and CandleLit|CandleLit and LampLit/);
    expect(error.message).toContain(
      'both store events as "LampLit". Give one of them another @DomainEvent type.',
    );
  });

  it('an event that lacks an upcast step', async () => {
    @DomainEvent('LampDimmed', { version: 3, upcasters: { 1: (data) => data } })
    class LampDimmed {}
    @Aggregate('Dimmer')
    class Dimmer extends AggregateRoot {
      @On(LampDimmed)
      protected onDimmed(_event: LampDimmed): void {}
    }
    expect((await refusal({ aggregates: [Dimmer] })).message).toContain(
      'LampDimmed is at version 3 but has no step from 2. Add it: @DomainEvent(…, { version: 3, upcasters: { 2:',
    );
  });

  it('an event without a stored name', async () => {
    class LampBroken {}
    @Projector('broken', { version: 1, entities: [] })
    class BrokenProjector {
      @On(LampBroken)
      onBroken(_event: LampBroken): void {}
    }
    expect((await refusal({ projectors: [BrokenProjector] })).message).toContain(
      "Decorate it: @DomainEvent('LampBroken').",
    );
  });

  it('two projectors of different features with one name', async () => {
    @Projector('lamps', { version: 1, entities: [] })
    class OtherLampsProjector {
      @On(LampLit)
      onLit(_event: LampLit): void {}
    }
    const error = await refusal({ projectors: [LampsProjector] }, { projectors: [OtherLampsProjector] });
    expect(error).toBeInstanceOf(EventRegistrationError);
    expect(error.message).toMatch(
      /^Two projectors are named "lamps", and would move one checkpoint\. Rename (Other)?LampsProjector\.$/,
    );
  });

  it('a projector that is not decorated', async () => {
    class Undecorated {
      @On(LampLit)
      onLit(_event: LampLit): void {}
    }
    expect((await refusal({ projectors: [Undecorated] })).message).toBe(
      "Undecorated is no projector. Decorate it: @Projector('name', { version: 1, entities: [] }).",
    );
  });

  it('a projector that takes no event', async () => {
    @Projector('idle', { version: 1, entities: [] })
    class IdleProjector {}
    expect((await refusal({ projectors: [IdleProjector] })).message).toBe(
      'IdleProjector has no @On method, so it would project nothing. Add one for each event that changes its rows.',
    );
  });

  it('a projector whose entity TypeORM does not know', async () => {
    @Projector('rows', { version: 1, entities: [KnownRows, UnknownRows] })
    class RowsProjector {
      @On(LampLit)
      onLit(_event: LampLit): void {}
    }
    expect((await refusal({ projectors: [RowsProjector] })).message).toBe(
      'Projector "rows" names an entity that TypeORM does not know. Add it: TypeOrmModule.forFeature([…]).',
    );
  });

  it('a durable handler that takes no event', async () => {
    @DurableEventsHandler('deaf')
    class DeafHandler {
      handle(): void {}
    }
    await expect(startWith(featureModule({}, [DeafHandler]))).rejects.toThrow(
      "DeafHandler handles no event. Name them: @DurableEventsHandler('deaf', UserCreated).",
    );
  });

  it.each([0, 1.5, Number.NaN])('a durable handler with %p events in a transaction', async (count) => {
    @DurableEventsHandler({ name: 'many', eventsPerTransaction: count }, LampLit)
    class ManyHandler {
      handle(): void {}
    }
    await expect(startWith(featureModule({}, [ManyHandler]))).rejects.toThrow(
      `ManyHandler has ${count} eventsPerTransaction. Use 1, 2, 3 …, or leave it out for 1.`,
    );
  });

  it('two aggregates of different features with one stream type', async () => {
    @Aggregate('Lamp')
    class Lantern extends AggregateRoot {
      @On(LampLit)
      protected onLit(_event: LampLit): void {}
    }
    const error = await refusal({ aggregates: [Lamp] }, { aggregates: [Lantern] });
    expect(error).toBeInstanceOf(EventRegistrationError);
    expect(error.message).toMatch(/Lamp and Lantern|Lantern and Lamp/);
    expect(error.message).toContain(
      'both store their events in "Lamp" streams. Give one of them another @Aggregate type.',
    );
  });

  it('an aggregate without a stream type: its module cannot even be defined', () => {
    class Untyped extends AggregateRoot {}
    expect(() => EventSourcingModule.forFeature({ aggregates: [Untyped] })).toThrow(
      "Untyped has no stream type. Decorate it: @Aggregate('Untyped').",
    );
    expect(() => InjectAggregate(Untyped)).toThrow("Decorate it: @Aggregate('Untyped').");
  });
});
