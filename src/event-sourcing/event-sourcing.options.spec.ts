import { DynamicModule, Injectable, Logger, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test, TestingModule } from '@nestjs/testing';
import { Aggregate, AggregateRoot } from './domain';
import { EventStore } from './event-store/event-store';
import { InMemoryEventStore } from './event-store/in-memory-event-store';
import { EventSourcingModule } from './event-sourcing.module';
import type { EventSourcingOptions, EventSourcingOptionsFactory } from './event-sourcing.options';
import { aggregateRepositoryToken } from './repository/inject-aggregate';
import { SubscriptionStatuses } from './subscriptions/operate/subscription-status';

@Aggregate('Kettle')
class Kettle extends AggregateRoot {}

/** What an application configures itself by. */
@Injectable()
class Settings {
  readonly options: EventSourcingOptions = { store: 'in-memory', subscriptions: { enabled: false } };
}

@Injectable()
class KernelOptions implements EventSourcingOptionsFactory {
  constructor(private readonly settings: Settings) {}

  async createEventSourcingOptions(): Promise<EventSourcingOptions> {
    return Promise.resolve(this.settings.options);
  }
}

@Module({ providers: [Settings, KernelOptions], exports: [Settings, KernelOptions] })
class SettingsModule {}

const imports = [SettingsModule];
const running: TestingModule[] = [];

async function start(...modules: NonNullable<DynamicModule['imports']>): Promise<TestingModule> {
  const application = await Test.createTestingModule({ imports: modules }).compile();
  running.push(application);
  return application.init();
}

beforeEach(() => jest.spyOn(Logger.prototype, 'warn').mockImplementation());

afterEach(async () => {
  for (const application of running.splice(0)) await application.close();
  jest.restoreAllMocks();
});

describe('forRootAsync', () => {
  it.each([
    [
      'useFactory, with what it injects',
      { inject: [Settings], useFactory: ({ options }: Settings) => Promise.resolve(options) },
    ],
    ['useClass, which Nest makes', { useClass: KernelOptions }],
    ['useExisting, which a module provides', { useExisting: KernelOptions }],
  ])('takes the options of %s', async (_way, way) => {
    const application = await start(EventSourcingModule.forRootAsync({ imports, ...way }));
    expect(application.get(EventStore)).toBeInstanceOf(InMemoryEventStore);
  });
});

describe('the kernel', () => {
  const options = new Settings().options;

  it('is seen by every module', async () => {
    const application = await start(
      EventSourcingModule.forRoot(options),
      EventSourcingModule.forFeature({ aggregates: [Kettle] }),
    );
    expect(application.get(aggregateRepositoryToken(Kettle), { strict: false })).toBeDefined();
  });

  @Module({
    imports: [EventSourcingModule.forRoot({ ...options, isGlobal: false })],
    exports: [EventSourcingModule],
  })
  class LogModule {}

  it('that is not global is seen by a feature that imports it', async () => {
    const application = await start(
      EventSourcingModule.forFeature({ aggregates: [Kettle], imports: [LogModule] }),
    );
    expect(application.get(aggregateRepositoryToken(Kettle), { strict: false })).toBeDefined();
  });

  it('that is not global is seen by no other feature', async () => {
    await expect(start(LogModule, EventSourcingModule.forFeature({ aggregates: [Kettle] }))).rejects.toThrow(
      'with isGlobal: false, name the module that exports EventSourcingModule, too: forFeature({ imports: [LogModule] }).',
    );
  });

  it('and its features have names of their own where Nest lists modules', async () => {
    const application = await start(EventSourcingModule.forRoot(options), EventSourcingModule.forFeature({}));
    const names = [...application.get(ModulesContainer).values()].map(({ metatype }) => metatype.name);
    expect(names).toContain('EventSourcingModule');
    expect(names).toContainEqual(expect.stringMatching(/^EventSourcingModule\.forFeature/));
  });

  it('has one instance of each of its services, whichever feature asks', async () => {
    const seen: SubscriptionStatuses[] = [];
    const feature = (): DynamicModule => {
      @Injectable()
      class Watch {
        constructor(statuses: SubscriptionStatuses) {
          seen.push(statuses);
        }
      }
      return { module: class {}, providers: [Watch] };
    };
    await start(EventSourcingModule.forRoot(options), feature(), feature());
    expect(new Set(seen).size).toBe(1);
    expect(seen).toHaveLength(2);
  });
});
