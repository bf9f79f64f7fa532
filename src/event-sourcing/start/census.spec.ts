import {
  Controller,
  DynamicModule,
  Inject,
  Injectable,
  Logger,
  Module,
  Provider,
  Scope,
  Type,
} from '@nestjs/common';
import { ContextIdFactory, LazyModuleLoader, REQUEST } from '@nestjs/core';
import { EventsHandler } from '@nestjs/cqrs';
import { Test, TestingModule } from '@nestjs/testing';
import { Aggregate, AggregateRoot, DomainEvent, On } from '../domain';
import { EventRegistrationError } from '../event-store/event-registry';
import { EventSourcingModule } from '../event-sourcing.module';
import { Projections } from '../projections/projections';
import { Projector } from '../projections/projector';
import { DurableEventsHandler } from '../subscriptions/handlers/durable-events-handler';
import { Subscribers } from '../subscribers';

@DomainEvent('Paid')
class Paid {}

@DomainEvent('PaidByCard')
class PaidByCard extends Paid {}

@DomainEvent('Refunded')
class Refunded {}

/** What the application of a case is made of, besides the kernel. */
interface Application {
  readonly providers?: readonly Provider[];
  readonly controllers?: readonly Type[];
  readonly imports?: readonly (Type | DynamicModule)[];
}

type Overrides = (builder: ReturnType<typeof Test.createTestingModule>) => void;

const running: TestingModule[] = [];
let warnings: jest.SpyInstance;

beforeEach(() => {
  warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
});

afterEach(async () => {
  for (const application of running.splice(0)) await application.close();
  jest.restoreAllMocks();
});

const kernel = () => EventSourcingModule.forRoot({ store: 'in-memory', subscriptions: { enabled: false } });

async function start(
  { providers = [], controllers = [], imports = [] }: Application,
  override: Overrides = () => undefined,
): Promise<TestingModule> {
  @Module({ imports: [...imports], providers: [...providers], controllers: [...controllers] })
  class Feature {}
  const builder = Test.createTestingModule({ imports: [kernel(), Feature] });
  override(builder);
  const application = await builder.compile();
  running.push(application);
  return application.init();
}

async function refusal(given: Application, override?: Overrides): Promise<string> {
  const error: unknown = await start(given, override).then(
    () => new Error('The application started.'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EventRegistrationError);
  return (error as Error).message;
}

function subscriptionsOf(application: TestingModule): readonly string[] {
  return application.get(Subscribers, { strict: false }).names();
}

@Injectable({ scope: Scope.REQUEST })
class CurrentUser {}

@Injectable()
class Prices {
  constructor(readonly user: CurrentUser) {}
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class Tenant {}

@Injectable({ scope: Scope.TRANSIENT })
class Stopwatch {}

/** A projector and a durable handler of one kind of mistake, made anew for each case. */
function projectorThat(needs: readonly Type[] = [], options: { scope?: Scope } = {}): Type {
  @Projector('bills', { version: 1, entities: [] })
  @Injectable(options)
  class BillsProjector {
    constructor(...dependencies: unknown[]) {
      expect(dependencies).toHaveLength(needs.length);
    }

    @On(Paid)
    onPaid(_event: Paid): void {}
  }
  Reflect.defineMetadata('design:paramtypes', needs, BillsProjector);
  return BillsProjector;
}

function handlerThat(needs: readonly Type[] = [], options: { scope?: Scope } = {}): Type {
  @DurableEventsHandler('mail', Paid)
  @Injectable(options)
  class MailReceipt {
    handle(_event: Paid): void {}
  }
  Reflect.defineMetadata('design:paramtypes', needs, MailReceipt);
  return MailReceipt;
}

describe('a subscriber works', () => {
  const Bills = projectorThat();
  const Mail = handlerThat();
  class NotDecorated {}

  it.each<[string, Application]>([
    ['given to forFeature', { imports: [EventSourcingModule.forFeature({ projectors: [Bills] })] }],
    ['listed in the providers of a module', { providers: [Bills] }],
    ['given by useClass under another token', { providers: [{ provide: 'bills', useClass: Bills }] }],
    ['given by useFactory', { providers: [{ provide: 'bills', useFactory: () => new Bills() as object }] }],
    [
      'given by an asynchronous useFactory',
      { providers: [{ provide: 'bills', useFactory: () => Promise.resolve(new Bills() as object) }] },
    ],
    ['given by useValue', { providers: [{ provide: 'bills', useValue: new Bills() as object }] }],
    [
      'that has a second name by useExisting',
      { providers: [Bills, { provide: 'bills', useExisting: Bills }] },
    ],
    [
      'that depends on something transient',
      {
        providers: [
          Stopwatch,
          { provide: 'bills', useFactory: () => new Bills() as object, inject: [Stopwatch] },
        ],
      },
    ],
    [
      'among undecorated providers, and values of all kinds',
      {
        providers: [
          Bills,
          NotDecorated,
          { provide: 'null', useValue: null },
          { provide: 'text', useValue: 'text' },
          { provide: 'class', useValue: NotDecorated },
          { provide: 'bare', useValue: Object.create(null) as object },
          { provide: 'nothing', useFactory: () => undefined },
        ],
      },
    ],
  ])('%s: a projector', async (_case, given) => {
    const application = await start(given);
    expect(subscriptionsOf(application)).toEqual(['bills']);
  });

  it.each<[string, Application]>([
    ['given by useFactory', { providers: [{ provide: 'mail', useFactory: () => new Mail() as object }] }],
    ['given by useValue', { providers: [{ provide: 'mail', useValue: new Mail() as object }] }],
    ['that is a controller as well', { controllers: [asController(Mail)] }],
  ])('%s: a durable handler', async (_case, given) => {
    const application = await start(given);
    expect(subscriptionsOf(application)).toEqual(['mail']);
  });

  it('with the @On methods of the class that it extends', async () => {
    abstract class Folding {
      @On(Paid)
      onPaid(_event: Paid): void {}
    }
    @Projector('folded', { version: 1, entities: [] })
    class Folded extends Folding {}
    const application = await start({ providers: [Folded] });
    expect(application.get(Projections).get('folded').wants('Paid')).toBe(true);
  });

  it('with the decorator of the class that it extends', async () => {
    class OwnBills extends (Bills as new () => object) {}
    const application = await start({ providers: [OwnBills] });
    expect(subscriptionsOf(application)).toEqual(['bills']);
  });

  it('overridden by an object with its methods, as in a test', async () => {
    const given: unknown[] = [];
    const stub = { onPaid: (event: Paid) => given.push(event), handle: () => undefined };
    const application = await start({ providers: [Bills, Mail] }, (builder) => {
      builder.overrideProvider(Bills).useValue(stub);
      builder.overrideProvider(Mail).useValue({ handle: () => undefined });
    });
    expect(subscriptionsOf(application)).toEqual(['bills', 'mail']);
    expect(application.get(Projections).get('bills').wants('Paid')).toBe(true);
  });
});

describe('an application does not start with', () => {
  const BaseHandler = handlerThat();

  it.each<[string, Application, string]>([
    [
      'a request-scoped projector',
      { providers: [projectorThat([], { scope: Scope.REQUEST })] },
      'BillsProjector is request-scoped, and the events of the log come in no request. Remove its scope.',
    ],
    [
      'a projector that injects something request-scoped',
      { providers: [CurrentUser, projectorThat([CurrentUser])] },
      'BillsProjector depends on something that Nest makes for each request (BillsProjector → CurrentUser), and the events',
    ],
    [
      'a projector of forFeature that injects something request-scoped two steps away',
      {
        imports: [
          EventSourcingModule.forFeature({
            projectors: [projectorThat([Prices])],
            imports: [exporting(Prices, CurrentUser)],
          }),
        ],
      },
      '(BillsProjector → Prices → CurrentUser)',
    ],
    [
      'a projector that injects something durable for each tenant',
      { providers: [Tenant, projectorThat([Tenant])] },
      '(BillsProjector → Tenant)',
    ],
    [
      'a durable handler that injects something request-scoped',
      { providers: [CurrentUser, Prices, handlerThat([Prices])] },
      'MailReceipt depends on something that Nest makes for each request (MailReceipt → Prices → CurrentUser)',
    ],
    [
      'a request-scoped durable handler',
      { providers: [handlerThat([], { scope: Scope.REQUEST })] },
      'MailReceipt is request-scoped',
    ],
    [
      'a transient projector',
      { providers: [projectorThat([], { scope: Scope.TRANSIENT })] },
      'BillsProjector is transient, so Nest makes no instance of it for the events of the log. Remove its scope.',
    ],
    [
      'a transient durable handler',
      { providers: [handlerThat([], { scope: Scope.TRANSIENT })] },
      'MailReceipt is transient',
    ],
    [
      'a factory that is request-scoped',
      {
        providers: [
          { provide: BaseHandler, useFactory: () => new BaseHandler() as object, scope: Scope.REQUEST },
        ],
      },
      'MailReceipt is request-scoped',
    ],
    [
      'a factory that gives nothing',
      { providers: [{ provide: BaseHandler, useFactory: () => undefined }] },
      'MailReceipt is provided as undefined. Provide the class itself, or an instance of it.',
    ],
  ])('%s', async (_case, given, sentence) => {
    expect(await refusal(given)).toContain(sentence);
  });

  it('a projector that injects the request itself', async () => {
    @Projector('asks', { version: 1, entities: [] })
    class AsksProjector {
      constructor(@Inject(REQUEST) readonly request: unknown) {}

      @On(Paid)
      onPaid(_event: Paid): void {}
    }
    expect(await refusal({ providers: [AsksProjector] })).toContain('(AsksProjector → REQUEST)');
  });

  it('a projector that gets something request-scoped into a property', async () => {
    @Projector('asks', { version: 1, entities: [] })
    class AsksProjector {
      @Inject(CurrentUser) readonly user!: CurrentUser;

      @On(Paid)
      onPaid(_event: Paid): void {}
    }
    expect(await refusal({ providers: [CurrentUser, AsksProjector] })).toContain(
      '(AsksProjector → CurrentUser)',
    );
  });

  it('one class in two modules, in two features, and under two tokens', async () => {
    const Bills = projectorThat();
    const twice = 'BillsProjector is provided twice, by ';
    const features = [1, 2].map(() => EventSourcingModule.forFeature({ projectors: [Bills] }));
    expect(await refusal({ imports: features })).toContain(twice);
    expect(await refusal({ providers: [Bills], imports: [exporting(Bills)] })).toMatch(
      /^BillsProjector is provided twice, by \w+ and by \w+, .* Provide it in one of them\.$/,
    );
    expect(await refusal({ providers: [Bills, { provide: 'bills', useClass: Bills }] })).toContain(twice);
  });

  it('both decorators on one class', async () => {
    @Projector('both', { version: 1, entities: [] })
    @DurableEventsHandler('both-too', Paid)
    class Both {
      @On(Paid)
      onPaid(_event: Paid): void {}

      handle(_event: Paid): void {}
    }
    expect(await refusal({ providers: [Both] })).toContain(
      'Both has both @Projector and @DurableEventsHandler. Make two classes of it',
    );
  });

  it('@EventsHandler on a durable handler, which would get each event from both', async () => {
    @EventsHandler(Paid)
    @DurableEventsHandler('both', Paid)
    class Both {
      handle(_event: Paid): void {}
    }
    expect(await refusal({ providers: [Both] })).toContain(
      'Both has both @DurableEventsHandler and @EventsHandler, and would get each event twice. Keep one of them.',
    );
  });

  it('@On methods without @Projector, own or inherited', async () => {
    class Forgotten {
      @On(Paid)
      onPaid(_event: Paid): void {}
    }
    class Heir extends Forgotten {}
    const sentence = 'has @On methods, but no @Projector, so nothing calls them. Decorate it: @Projector(';
    expect(await refusal({ providers: [Forgotten] })).toContain(`Forgotten ${sentence}`);
    expect(await refusal({ providers: [Heir] })).toContain(`Heir ${sentence}`);
    const factory = { provide: 'heir', useFactory: () => new Heir() };
    expect(await refusal({ providers: [factory] })).toContain(`Heir ${sentence}`);
  });

  it('@On methods in a durable handler', async () => {
    @DurableEventsHandler('mixed', Paid)
    class Mixed {
      handle(_event: Paid): void {}

      @On(Refunded)
      onRefunded(_event: Refunded): void {}
    }
    expect(await refusal({ providers: [Mixed] })).toContain(
      'Mixed is a durable handler, so nothing calls its @On methods.',
    );
  });

  it('an object without the methods in place of a subscriber', async () => {
    const Bills = projectorThat();
    const Mail = handlerThat();
    expect(
      await refusal({ providers: [Bills] }, (builder) => builder.overrideProvider(Bills).useValue({})),
    ).toBe(
      'What is provided as BillsProjector has no method onPaid. Provide an object with all @On methods of BillsProjector.',
    );
    expect(
      await refusal({ providers: [Mail] }, (builder) => builder.overrideProvider(Mail).useValue({})),
    ).toBe('What is provided as MailReceipt has no method handle. Provide an object that has it.');
  });

  it('a subscriber of a class of events that passes over those that extend it', async () => {
    @Aggregate('Till')
    class Till extends AggregateRoot {
      @On(Paid)
      protected onPaid(_event: Paid): void {}

      @On(PaidByCard)
      protected onPaidByCard(_event: PaidByCard): void {}
    }
    const till = EventSourcingModule.forFeature({ aggregates: [Till] });
    expect(await refusal({ imports: [till], providers: [projectorThat()] })).toBe(
      'BillsProjector has a method for Paid, and none for PaidByCard, which extends it: it would never get a stored PaidByCard. ' +
        'Add a method with @On(PaidByCard), empty where the event changes no row.',
    );
    expect(await refusal({ imports: [till], providers: [handlerThat()] })).toBe(
      'MailReceipt names Paid, and not PaidByCard, which extends it: it would never get a stored PaidByCard. ' +
        "Name it too: @DurableEventsHandler('…', Paid, PaidByCard).",
    );
  });

  it('undefined in place of a class, as files that import each other give it', () => {
    const sentence =
      'forFeature is given undefined in place of a class. Look for files that import each other in a circle.';
    expect(() => EventSourcingModule.forFeature({ projectors: [undefined as never] })).toThrow(sentence);
    expect(() => EventSourcingModule.forFeature({ aggregates: [undefined as never] })).toThrow(sentence);
  });

  it('a second forRoot', async () => {
    expect(await refusal({ imports: [kernel()] })).toBe(
      'EventSourcingModule.forRoot is imported 2 times, which makes 2 logs of one. Import it once, in the root module; it is global.',
    );
  });

  it('a feature without forRoot', async () => {
    @Aggregate('Till')
    class Till extends AggregateRoot {}
    const sentence =
      'EventSourcingModule.forFeature is used without forRoot. Import EventSourcingModule.forRoot({ store: … }) in the root module';
    for (const feature of [{ aggregates: [Till] }, { projectors: [projectorThat()] }, {}]) {
      const builder = Test.createTestingModule({ imports: [EventSourcingModule.forFeature(feature)] });
      await expect(builder.compile()).rejects.toThrow(sentence);
    }
  });

  it('a projector whose dependency its feature does not import: the message tells of imports', async () => {
    @Injectable()
    class Oil {}
    const given = {
      providers: [Oil],
      imports: [EventSourcingModule.forFeature({ projectors: [projectorThat([Oil])] })],
    };
    await expect(start(given)).rejects.toThrow(
      /Oil at index \[0\] is available in the EventSourcingModule\.forFeature\(\{ projectors, imports: \[a module that exports/,
    );
  });
});

describe('what another copy of the package decorated is refused by name', () => {
  let copy: {
    readonly domain: typeof import('../domain');
    readonly projector: typeof import('../projections/projector');
    readonly handler: typeof import('../subscriptions/handlers/durable-events-handler');
  };
  const sentence = (name: string, decorator: string) =>
    `${name} has the @${decorator} of another copy of this package, which the running one does not know. ` +
    'Install one copy for all modules, and import everything from it: npm ls @annals/nestjs.';

  beforeAll(() => {
    jest.isolateModules(() => {
      copy = {
        domain: jest.requireActual('../domain'),
        projector: jest.requireActual('../projections/projector'),
        handler: jest.requireActual('../subscriptions/handlers/durable-events-handler'),
      };
    });
  });

  it('a projector', async () => {
    @copy.projector.Projector('copied', { version: 1, entities: [] })
    class CopiedProjector {
      @On(Paid)
      onPaid(_event: Paid): void {}
    }
    expect(await refusal({ providers: [CopiedProjector] })).toBe(sentence('CopiedProjector', 'Projector'));
    const feature = EventSourcingModule.forFeature({ projectors: [CopiedProjector] });
    expect(await refusal({ imports: [feature] })).toBe(sentence('CopiedProjector', 'Projector'));
  });

  it('a durable handler', async () => {
    @copy.handler.DurableEventsHandler('copied', Paid)
    class CopiedHandler {
      handle(): void {}
    }
    expect(await refusal({ providers: [CopiedHandler] })).toBe(
      sentence('CopiedHandler', 'DurableEventsHandler'),
    );
  });

  it('the @On methods of a projector', async () => {
    @Projector('copied', { version: 1, entities: [] })
    class HalfCopied {
      @copy.domain.On(Paid)
      onPaid(_event: Paid): void {}
    }
    expect(await refusal({ providers: [HalfCopied] })).toBe(sentence('HalfCopied', 'On'));
  });

  it('an event', async () => {
    @copy.domain.DomainEvent('Copied')
    class Copied {}
    @DurableEventsHandler('copies', Copied)
    class Copies {
      handle(): void {}
    }
    expect(await refusal({ providers: [Copies] })).toBe(sentence('Copied', 'DomainEvent'));
  });

  it('an aggregate', () => {
    @copy.domain.Aggregate('Copied')
    class CopiedAggregate extends copy.domain.AggregateRoot {}
    expect(() => EventSourcingModule.forFeature({ aggregates: [CopiedAggregate as never] })).toThrow(
      sentence('CopiedAggregate', 'Aggregate'),
    );
  });
});

describe('a module that is loaded lazily', () => {
  @Module({ providers: [projectorThat()] })
  class WithProjector {}

  @Module({ providers: [handlerThat()] })
  class WithHandler {}

  @Module({ imports: [EventSourcingModule.forFeature({ projectors: [projectorThat()] })] })
  class WithFeature {}

  @Module({ providers: [CurrentUser] })
  class Plain {}

  const load = async (module: Type) => {
    const loader = (await start({})).get(LazyModuleLoader, { strict: false });
    return {
      again: () => loader.load(() => module),
      first: await loader.load(() => module).catch((e: Error) => e),
    };
  };

  it.each([
    ['a projector', WithProjector, 'BillsProjector is loaded after the start'],
    ['a durable handler', WithHandler, 'MailReceipt is loaded after the start'],
    ['a feature', WithFeature, 'BillsProjector is loaded after the start'],
  ])('fails to load with %s, and again', async (_case, module, sentence) => {
    const { first, again } = await load(module);
    expect(first).toBeInstanceOf(EventRegistrationError);
    expect((first as Error).message).toContain(sentence);
    await expect(again()).rejects.toThrow('do not load it lazily.');
  });

  it('fails to load with an aggregate whose events nobody knew', async () => {
    @Aggregate('Late')
    class Late extends AggregateRoot {
      @On(Refunded)
      protected onRefunded(_event: Refunded): void {}
    }
    @Module({ imports: [EventSourcingModule.forFeature({ aggregates: [Late] })] })
    class WithAggregate {}
    const { first } = await load(WithAggregate);
    expect((first as Error).message).toContain('Refunded is registered after the start');
  });

  it('is loaded when nothing in it follows the log', async () => {
    const { first } = await load(Plain);
    expect(first).not.toBeInstanceOf(Error);
  });
});

describe('a decorated class that no module provides', () => {
  it('is told of, by name', async () => {
    @Projector('unlisted', { version: 1, entities: [] })
    class UnlistedProjector {
      @On(Paid)
      onPaid(_event: Paid): void {}
    }
    @Aggregate('Unlisted')
    class UnlistedAggregate extends AggregateRoot {}
    await start({});
    for (const { name } of [UnlistedProjector, UnlistedAggregate]) {
      expect(warnings).toHaveBeenCalledWith(
        expect.stringContaining(`${name} is decorated, but no module of this application provides it`),
      );
    }
  });

  it('is not told of where a class that extends it is provided', async () => {
    @Projector('extended', { version: 1, entities: [] })
    class Extended {
      @On(Paid)
      onPaid(_event: Paid): void {}
    }
    class Extending extends Extended {}
    await start({ providers: [Extending] });
    expect(warnings).not.toHaveBeenCalledWith(expect.stringContaining('Extended is decorated'));
  });
});

function asController(of: Type): Type {
  Controller()(of);
  return of;
}

function exporting(...providers: readonly Type[]): Type {
  @Module({ providers: [...providers], exports: [...providers] })
  class Exporting {}
  return Exporting;
}

it('makes an instance for each request where Nest is asked to, in the same application', async () => {
  const application = await start({ providers: [CurrentUser, projectorThat()] });
  const id = ContextIdFactory.create();
  await expect(application.resolve(CurrentUser, id, { strict: false })).resolves.toBeInstanceOf(CurrentUser);
});
