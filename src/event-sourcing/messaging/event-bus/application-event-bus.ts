import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { Module } from '@nestjs/core/injector/module.js';
import { CqrsModule, EventBus, IEvent } from '@nestjs/cqrs';
import { OPTIONS } from '../../injection-tokens';
import { EventRegistrationError } from '../../event-store/event-registry';

/** The token of the options of a `CqrsModule`, which the package does not export. */
const CQRS_OPTIONS = 'CQRS_MODULE_OPTIONS';

/**
 * The event bus that the modules of the application get: that of their own `CqrsModule.forRoot`, with its options, where the
 * application imports one, and else that of the kernel.
 */
@Injectable()
export class ApplicationEventBus {
  private chosen: EventBus | undefined;

  constructor(
    private readonly own: EventBus,
    private readonly container: ModulesContainer,
  ) {}

  publish(event: IEvent): unknown {
    this.chosen ??= this.choose();
    return this.chosen.publish(event);
  }

  /** @throws EventRegistrationError where options of the application would hold for some modules only. */
  check(): void {
    this.chosen = this.choose();
  }

  private choose(): EventBus {
    const modules = [...this.container.values()];
    const kernel = modules.find(({ providers }) => providers.has(OPTIONS));
    const theirs = modules.filter(({ metatype, isGlobal }) => metatype === CqrsModule && isGlobal);
    const [first] = theirs;
    if (!kernel || !first) return this.own;
    const orders = modules.map((module) => orderOf(module, kernel, first));
    if (!orders.includes('kernel')) return first.providers.get(EventBus)?.instance as EventBus;
    if (!orders.includes('theirs') && optionsOf(first).length === 0) return this.own;
    throw new EventRegistrationError(
      'The buses and options of CqrsModule.forRoot would not hold for all modules, because EventSourcingModule is imported before it ' +
        'and brings buses of its own. Import CqrsModule.forRoot in the root module, before EventSourcingModule; or leave it out, and ' +
        'give its options to EventSourcingModule.forRoot({ cqrs: { … } }).',
    );
  }
}

/** Whose buses the module gets: Nest takes a provider from the first import that exports it. */
function orderOf({ imports }: Module, kernel: Module, theirs: Module): 'kernel' | 'theirs' | undefined {
  const order = [...imports];
  if (!order.includes(kernel) || !order.includes(theirs)) return undefined;
  return order.indexOf(kernel) < order.indexOf(theirs) ? 'kernel' : 'theirs';
}

function optionsOf(cqrs: Module): string[] {
  return Object.keys(cqrs.providers.get(CQRS_OPTIONS)?.instance ?? {});
}
