import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { EventBus } from '@nestjs/cqrs';
import { EventRegistry } from '../event-store/event-registry';
import { RecordedEvent } from '../event-store/event-envelope';
import { EventStore } from '../event-store/event-store';
import { AppendSignal } from '../event-store/progress-signal';
import { SharedLog } from '../subscriptions/shared-log';
import { LogPages } from '../subscriptions/log-pages';
import { runInMessageContext } from './message-context';

/**
 * Hands the events of the log to the plain `@nestjs/cqrs` EventBus, after their commit and in the order of the log, in
 * every process.
 *
 * For reactions that may be lost, and nothing else: it starts at the head of the log when the process starts and keeps
 * no checkpoint. The bus starts all handlers at once, does not wait for them, and does not repeat one that fails; a saga
 * that throws once is dead. What matters belongs into a projector.
 */
export class EventBusBridge {
  private readonly logger = new Logger(EventBusBridge.name);
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly log: { readonly store: EventStore; readonly shared: SharedLog },
    private readonly registry: EventRegistry,
    private readonly eventBus: Pick<EventBus, 'publish'>,
    private readonly wakeUp: { readonly appended: AppendSignal; readonly pollMs: number },
  ) {}

  /** Resolves once the place in the log to start from is known. */
  async start(): Promise<void> {
    const head = await this.log.store.head();
    this.running ??= this.run(head);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(head: bigint): Promise<void> {
    const { signal } = this.stopping;
    const pages = new LogPages(this.log.shared, 1_000);
    let position = head;
    while (!signal.aborted) {
      const seen = this.wakeUp.appended.count;
      try {
        const events = await pages.after(position);
        for (const event of events) this.publish(event);
        position = events.at(-1)?.position ?? position;
        if (events.length === 0) await this.wakeUp.appended.wait(seen, this.wakeUp.pollMs, signal);
      } catch (error) {
        this.logger.warn(
          `Reading the log for the event bus failed, trying again: ${(error as Error).message}`,
        );
        await delay(1_000, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private publish(recorded: RecordedEvent): void {
    const { correlationId, actor } = recorded.metadata;
    try {
      const event = this.registry.decode(recorded);
      const work = [(): string => `event bus at position ${recorded.position}`];
      runInMessageContext({ correlationId, causationId: recorded.id, actor, work }, () => {
        this.eventBus.publish(event);
      });
    } catch (error) {
      this.logger.error(
        `Event ${recorded.position} did not reach the event bus: ${(error as Error).message}`,
      );
    }
  }
}
