import { setTimeout as delay } from 'node:timers/promises';
import { DynamicModule, Injectable, Logger, Module, Type } from '@nestjs/common';
import { CqrsModule, EventBus, EventsHandler } from '@nestjs/cqrs';
import { Test, TestingModule } from '@nestjs/testing';
import {
  aggregateRepositoryToken,
  EventSourcedRepository,
  EventSourcingModule,
} from '../../../src/event-sourcing';
import { Bell, type Host, refusal, Rung, startHost, stopHosts } from './host';

const inMemory = { store: 'in-memory' as const };
const handled: Rung[] = [];
const published: object[] = [];

const eventPublisher = { publish: (event: object) => published.push(event) };

@EventsHandler(Rung)
class NoteRing {
  handle(event: Rung): void {
    handled.push(event);
  }
}

let warnings: jest.SpyInstance;

beforeEach(() => {
  warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
  jest.spyOn(Logger.prototype, 'error').mockImplementation();
});

afterEach(async () => {
  await stopHosts();
  handled.length = published.length = 0;
  jest.restoreAllMocks();
});

const host = (more: Partial<Host>): Host => ({
  url: false,
  projectors: [],
  providers: [NoteRing],
  ...more,
  kernel: { ...inMemory, ...more.kernel },
});

function bellsOf(application: TestingModule): EventSourcedRepository<Bell> {
  return application.get(aggregateRepositoryToken(Bell), { strict: false });
}

async function ring(given: Host): Promise<TestingModule> {
  const application = await startHost(given);
  await bellsOf(application).save(new Bell('a').ring());
  for (let tries = 0; handled.length + published.length === 0 && tries < 200; tries++) await delay(10);
  return application;
}

describe('the events of the log reach', () => {
  it('the bus of the kernel, where the application imports no CqrsModule', async () => {
    await ring(host({}));
    expect(handled).toEqual([new Rung()]);
  });

  it('the bus of CqrsModule.forRoot of the application, with its options', async () => {
    await ring(host({ before: [CqrsModule.forRoot({ eventPublisher })] }));
    expect(published).toEqual([new Rung()]);
  });

  it('that of CqrsModule.forRootAsync', async () => {
    const cqrs = CqrsModule.forRootAsync({ useFactory: () => Promise.resolve({ eventPublisher }) });
    await ring(host({ before: [cqrs] }));
    expect(published).toEqual([new Rung()]);
  });

  it('a bus with the options that forRoot of the kernel is given', async () => {
    await ring(host({ kernel: { cqrs: { eventPublisher } } }));
    expect(published).toEqual([new Rung()]);
  });

  it('each handler once, and the bus that a feature is given, where the feature imports CqrsModule', async () => {
    const heard: object[] = [];
    await ring(host({ before: [earModule(CqrsModule, heard)] }));
    expect(handled).toEqual([new Rung()]);
    expect(heard).toEqual([new Rung()]);
  });

  it('the bus of the kernel, where CqrsModule.forRoot stands behind it without options', async () => {
    await ring(host({ behind: [CqrsModule.forRoot()] }));
    expect(handled).toEqual([new Rung()]);
  });

  it.each([
    ['has options, and stands behind the kernel', { behind: [CqrsModule.forRoot({ eventPublisher })] }],
    ['is imported by a feature', { before: [earModule(CqrsModule.forRoot())] }],
  ])(
    'no bus that would be that of some modules only: the start ends where CqrsModule.forRoot %s',
    async (_case, given) => {
      expect(await refusal(host(given))).toBe(
        'EventRegistrationError: The buses and options of CqrsModule.forRoot would not hold for all modules, because EventSourcingModule ' +
          'is imported before it and brings buses of its own. Import CqrsModule.forRoot in the root module, before EventSourcingModule; ' +
          'or leave it out, and give its options to EventSourcingModule.forRoot({ cqrs: { … } }).',
      );
    },
  );
});

/** A feature that listens to the bus which its imports give it. */
function earModule(cqrs: DynamicModule | Type, heard: object[] = []): Type {
  @Injectable()
  class Ear {
    constructor(bus: EventBus) {
      bus.subscribe((event) => heard.push(event));
    }
  }
  @Module({ imports: [cqrs], providers: [Ear] })
  class EarModule {}
  return EarModule;
}

describe('an application that was never initialized', () => {
  it('is told of at its first append', async () => {
    const imports = [
      EventSourcingModule.forRoot({ ...inMemory, subscriptions: { enabled: false } }),
      EventSourcingModule.forFeature({ aggregates: [Bell] }),
    ];
    const application = await Test.createTestingModule({ imports }).compile();
    await bellsOf(application).save(new Bell('a').ring());
    await bellsOf(application).save(new Bell('b').ring());
    const told = (warnings.mock.calls as unknown[][]).filter(([text]) =>
      String(text).includes('was not initialized'),
    );
    expect(told).toEqual([[expect.stringContaining('Call init() or listen() of the application')]]);
    await application.close();
  });

  it('is no other than one that was', async () => {
    await ring(host({}));
    expect(warnings).not.toHaveBeenCalled();
  });
});
