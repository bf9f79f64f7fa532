import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { Module } from '@nestjs/core/injector/module.js';
import { CqrsModule, EventBus, IEvent } from '@nestjs/cqrs';
import { OPTIONS } from '../event-sourcing.options';
import { EventRegistrationError } from '../event-store/event-registry';

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
    if (modules.some((module) => comesFirst(module, kernel, first))) {
      if (optionsOf(first).length === 0) return this.own;
      throw new EventRegistrationError(
        `The options of CqrsModule.forRoot (${optionsOf(first).join(', ')}) would not hold, because EventSourcingModule is ` +
          'imported before it and brings buses of its own. Import CqrsModule.forRoot first, or give the options to ' +
          'EventSourcingModule.forRoot({ cqrs: { … } }).',
      );
    }
    return first.providers.get(EventBus)?.instance as EventBus;
  }
}

/** Whether the module gets the buses of the kernel: Nest takes a provider from the first import that exports it. */
function comesFirst({ imports }: Module, kernel: Module, theirs: Module): boolean {
  const order = [...imports];
  return order.includes(kernel) && order.includes(theirs) && order.indexOf(kernel) < order.indexOf(theirs);
}

function optionsOf(cqrs: Module): string[] {
  return Object.keys(cqrs.providers.get(CQRS_OPTIONS)?.instance ?? {});
}
