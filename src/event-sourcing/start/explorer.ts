import { Injectable, Logger } from '@nestjs/common';
import { DiscoveryService, LazyModuleLoader } from '@nestjs/core';
import { eventMethods } from '../domain';
import { classesWith } from '../domain/decorated-classes';
import { EventRegistrationError, EventRegistry } from '../event-store/event-registry';
import { AppendSignal } from '../event-store/progress-signal';
import { ApplicationEventBus } from '../messaging/event-bus/application-event-bus';
import { Projections } from '../projections/projections';
import { durableHandlerDefinition } from '../subscriptions/handlers/durable-events-handler';
import { DurableHandlers } from '../subscriptions/handlers/durable-handlers';
import { Subscribers } from '../subscribers';
import { Aggregates } from '../repository/aggregates';
import { findSubscribers, FoundSubscriber } from './census';
import { checkEventSubclasses } from './check-event-subclasses';
import { OPTIONS } from '../injection-tokens';
import { afterEachLoad } from './lazy-modules';

/**
 * Finds the projectors and durable handlers of the application, and registers them. What would get no event, in silence, ends
 * the start instead.
 */
@Injectable()
export class Explorer {
  private readonly logger = new Logger('EventSourcing');
  private found = new Map<object, FoundSubscriber>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly loader: LazyModuleLoader,
    private readonly registry: EventRegistry,
    private readonly aggregates: Aggregates,
    private readonly projections: Projections,
    private readonly handlers: DurableHandlers,
    private readonly subscribers: Subscribers,
    private readonly eventBus: ApplicationEventBus,
    appended: AppendSignal,
  ) {
    appended.onNext(() => this.tellUninitialized());
  }

  /** @throws EventRegistrationError */
  explore(): void {
    this.checkOneRoot();
    this.eventBus.check();
    const found = findSubscribers(this.discovery);
    for (const { kind, instance, of } of found) {
      if (kind === 'projector') this.projections.register(instance, of);
      else this.handlers.register(instance, of);
    }
    this.subscribers.all();
    this.checkEvents(found);
    this.registry.seal();
    this.found = new Map(found.map((subscriber) => [subscriber.instance, subscriber]));
    afterEachLoad(this.loader, () => this.checkLoadedLate());
    this.tellUnprovided(found);
  }

  private checkOneRoot(): void {
    const roots = this.discovery.getProviders().filter(({ token }) => token === OPTIONS);
    if (roots.length <= 1) return;
    throw new EventRegistrationError(
      `EventSourcingModule.forRoot is imported ${roots.length} times, which makes ${roots.length} logs of one. Import it once, ` +
        'in the root module; it is global.',
    );
  }

  private checkEvents(found: readonly FoundSubscriber[]): void {
    for (const { kind, of } of found) {
      const events = durableHandlerDefinition(of)?.events ?? [...eventMethods(of).keys()];
      checkEventSubclasses(this.registry, { kind, name: of.name, events });
    }
  }

  /** Lazy loading runs no hook of the modules it loads, and the subscriptions have passed their events already. */
  private checkLoadedLate(): void {
    const late = findSubscribers(this.discovery).find(({ instance }) => !this.found.has(instance));
    if (!late) return;
    throw new EventRegistrationError(
      `${late.of.name} is loaded after the start, when the subscriptions run already, so it would get no event. Import ` +
        `${late.module} when the application starts; do not load it lazily.`,
    );
  }

  /** As with `startAllMicroservices` alone, which runs no hook of the application. */
  private tellUninitialized(): void {
    if (this.registry.isSealed) return;
    this.logger.warn(
      'Events are appended, but the application was not initialized, so no projector, durable handler or event bus gets them. Call ' +
        'init() or listen() of the application; startAllMicroservices() does not.',
    );
  }

  /** A class that no module provides may belong to another application of the process, so it ends no start. */
  private tellUnprovided(found: readonly FoundSubscriber[]): void {
    const isProvided = (candidate: object): boolean =>
      found.some(
        ({ of }) => of === candidate || of.prototype instanceof (candidate as FoundSubscriber['of']),
      );
    const subscribers = [...classesWith('Projector'), ...classesWith('DurableEventsHandler')].filter(
      (candidate) => !isProvided(candidate),
    );
    const aggregates = classesWith('Aggregate').filter((candidate) => !this.aggregates.has(candidate));
    for (const { name } of [...subscribers, ...aggregates]) {
      this.logger.warn(
        `${name} is decorated, but no module of this application provides it, so it gets no event. Give it to ` +
          'EventSourcingModule.forFeature, or to the providers of a module.',
      );
    }
  }
}
