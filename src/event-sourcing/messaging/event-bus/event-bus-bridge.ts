import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { EventBus } from '@nestjs/cqrs';
import { messageOfThrown } from '../../describe-thrown';
import { EventRegistry } from '../../event-store/event-registry';
import { Position, RecordedEvent } from '../../event-store/event-envelope';
import { EventStore } from '../../event-store/event-store';
import { AppendSignal } from '../../event-store/progress-signal';
import { BeyondLogError } from '../../log/contiguous';
import { LogPages } from '../../log/log-pages';
import { SharedLog } from '../../log/shared-log';
import type { SubscriptionSettings } from '../../subscriptions/subscription-settings';
import { SETTINGS } from '../../injection-tokens';
import { PageRhythm } from '../../subscriptions/delivery/page-rhythm';
import { WantedReadModels } from '../../subscriptions/delivery/wanted-read-models';
import { ApplicationEventBus } from './application-event-bus';
import { HandedEvents } from './handed-events';
import { runInMessageContext } from '../message-context';

/** A log that gives events sooner than so many milliseconds after the last ones was not restored meanwhile. */
const restMs = 50;

/**
 * Hands the events of the log to the plain `@nestjs/cqrs` EventBus, after their commit and in the order of the log, in
 * every process.
 *
 * For reactions that may be lost, and nothing else: it starts at the head of the log when the process starts and keeps
 * no checkpoint. The bus starts all handlers at once, does not wait for them, and does not repeat one that fails; a saga
 * that throws once is dead. What matters belongs into a projector.
 */
@Injectable()
export class EventBusBridge {
  private readonly logger = new Logger(EventBusBridge.name);
  private readonly stopping = new AbortController();
  private readonly handed: HandedEvents;
  private running: Promise<void> | undefined;
  private readAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly store: EventStore,
    private readonly log: SharedLog,
    private readonly registry: EventRegistry,
    @Inject(ApplicationEventBus) private readonly eventBus: Pick<EventBus, 'publish'>,
    private readonly appended: AppendSignal,
    @Inject(SETTINGS) private readonly settings: Pick<SubscriptionSettings, 'pollMs' | 'companyMs'>,
  ) {
    this.handed = new HandedEvents(store);
  }

  /** Resolves once the place in the log to start from is known. */
  async start(): Promise<void> {
    const head = await this.store.head();
    if (head > 0n) this.handed.add(await this.store.readAll({ after: head - 1n, limit: 1 }));
    this.running ??= this.run(head);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(head: Position): Promise<void> {
    const { signal } = this.stopping;
    let position = head;
    let pages = new LogPages(this.log, 1_000);
    const { appended, settings } = this;
    // Nobody waits for the event bus.
    const rhythm = new PageRhythm('', 1_000, {
      pollMs: settings.pollMs,
      companyMs: settings.companyMs,
      appended,
      wanted: new WantedReadModels(),
    });
    while (!signal.aborted) {
      await rhythm.company(signal);
      const seen = appended.seen;
      const readAt = performance.now();
      try {
        const events = await this.readAfter(position, pages);
        if (events === undefined) {
          position = await this.goBack(position);
          pages = new LogPages(this.log, 1_000);
          continue;
        }
        for (const event of events) this.publish(event);
        this.handed.add(events);
        position = events.at(-1)?.position ?? position;
        await rhythm.next({ events: events.length, position, seen }, readAt, signal);
      } catch (error) {
        this.logger.warn(`Reading the log for the event bus failed, trying again: ${messageOfThrown(error)}`);
        await delay(1_000, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Undefined when the log was set back, and is no longer the one whose events were handed on. */
  private async readAfter(
    position: Position,
    pages: LogPages,
  ): Promise<readonly RecordedEvent[] | undefined> {
    try {
      const events = await pages.after(position);
      if (events.length === 0) return events;
      const isAfterRest = performance.now() - this.readAt > restMs;
      this.readAt = performance.now();
      return isAfterRest && !(await this.handed.areStored()) ? undefined : events;
    } catch (error) {
      if (error instanceof BeyondLogError) return undefined;
      throw error;
    }
  }

  /** The position after which to go on in a log that was set back. */
  private async goBack(from: Position): Promise<Position> {
    this.log.forget();
    const common = await this.handed.forgetLost();
    const position = common ?? (await this.store.head());
    this.logger.warn(
      common === undefined
        ? `The log was set back before position ${from}, where the event bus was. It goes on after ${position}: what was ` +
            'appended since did not reach the event bus.'
        : `The log was set back to position ${position}, and the event bus was at ${from}: it has handed on events that are ` +
            `gone. It goes on after position ${position}.`,
    );
    return position;
  }

  private publish(recorded: RecordedEvent): void {
    const { correlationId, actor } = recorded.metadata;
    try {
      const event = this.registry.decode(recorded);
      if (event === undefined) return;
      const work = [(): string => `event bus at position ${recorded.position}`];
      runInMessageContext({ correlationId, causationId: recorded.id, actor, work }, () => {
        this.eventBus.publish(event);
      });
    } catch (error) {
      this.logger.error(`Event ${recorded.position} did not reach the event bus: ${messageOfThrown(error)}`);
    }
  }
}
