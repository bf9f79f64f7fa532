import type { INestApplicationContext, InjectionToken, Type } from '@nestjs/common';
import { CommandBus, type ICommand } from '@nestjs/cqrs';
import type { DataSource, EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import { EventRegistry } from '../event-store/event-registry';
import { RecordedEvent } from '../event-store/event-envelope';
import { EventStore } from '../event-store/event-store';
import { DurableHandlers } from '../subscriptions/handlers/durable-handlers';
import { EventInHand } from '../subscriptions/delivery/event-in-hand';
import { Difference } from './differences';
import { appendGiven, InStream, timeOfEvent } from './given-events';
import { noDatabase } from './no-database';
import { Call, RecordedCalls } from './recorded-calls';
import { RecordedCommands } from './recorded-commands';
import { differencesFromRows, metadataOf } from './spec-rows';
import { andRollBack, inTrialTransaction } from './trial-transaction';

/** What a handler did. */
export interface Outcome {
  readonly refusal: { readonly error: unknown } | undefined;
  readonly raised: readonly RaisedEvent[];
  readonly sent: readonly object[];
  readonly rowDifferences: readonly Difference[];
  calls(of: InjectionToken): readonly Call[];
}

export interface RaisedEvent {
  /** `Order o-1` */
  readonly stream: string;
  readonly event: object;
}

/** The rows that a spec expects of an entity. */
export interface ExpectedRows {
  readonly entity: EntityTarget<ObjectLiteral>;
  readonly rows: readonly ObjectLiteral[];
}

/** What the handler gets: a command, or an event of a stream, perhaps twice. */
export type Message = { readonly command: ICommand } | { readonly event: InStream; readonly times: 1 | 2 };

/** One execution of a handler in an application that holds nothing but it. */
export class HandlerRun {
  private readonly store: EventStore;
  private readonly registry: EventRegistry;
  private readonly commands: RecordedCommands;

  constructor(
    private readonly application: INestApplicationContext,
    private readonly handlerClass: Type,
    private readonly calls: RecordedCalls,
    private readonly dataSource: DataSource | undefined,
  ) {
    this.store = application.get(EventStore);
    this.registry = application.get(EventRegistry);
    this.commands = new RecordedCommands(application.get(CommandBus));
  }

  async outcome(given: readonly InStream[], message: Message, rows?: ExpectedRows): Promise<Outcome> {
    await appendGiven(this.store, this.registry, given);
    if ('event' in message) await appendGiven(this.store, this.registry, [message.event]);
    const before = await this.store.head();
    const rowDifferences: Difference[] = [];
    const refusal = await this.refusalOf(async () => {
      if ('command' in message) await this.commands.start(message.command);
      else rowDifferences.push(...(await this.deliver(message.times, rows)));
    });
    const raised = (await this.store.readAll({ after: before, limit: 10_000 })).map((recorded) =>
      this.raised(recorded),
    );
    return { refusal, raised, rowDifferences, sent: this.commands.sent, calls: (of) => this.calls.of(of) };
  }

  private async refusalOf(work: () => Promise<void>): Promise<Outcome['refusal']> {
    try {
      await work();
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  private raised(recorded: RecordedEvent): RaisedEvent {
    const { type, id } = recorded.stream;
    return { stream: `${type} ${id}`, event: this.registry.decode(recorded) ?? recorded };
  }

  /** Hands over the last event. The first of two times ends as when the process dies before the checkpoint moves. */
  private async deliver(times: 1 | 2, rows: ExpectedRows | undefined): Promise<readonly Difference[]> {
    const head = await this.store.head();
    const [stored] = await this.store.readAll({ after: head - 1n, limit: 1 });
    if (!stored) throw new Error('The spec has no event.');
    const recorded = { ...stored, timestamp: timeOfEvent(Number(head)) };
    return this.inTransaction(rows, async (manager) => {
      const handle = (): Promise<void> => this.handle(recorded, manager);
      if (times === 2) await (this.dataSource ? andRollBack(manager, handle) : handle());
      await handle();
    });
  }

  private async inTransaction(
    rows: ExpectedRows | undefined,
    work: (manager: EntityManager) => Promise<void>,
  ): Promise<readonly Difference[]> {
    const { dataSource } = this;
    if (!dataSource) {
      await work(noDatabase);
      return [];
    }
    const tables = rows ? [metadataOf(dataSource, rows.entity).tableName] : [];
    return inTrialTransaction(dataSource, this.handlerClass.name, tables, async (manager) => {
      await work(manager);
      return rows ? differencesFromRows(manager, rows.entity, rows.rows) : [];
    });
  }

  private async handle(recorded: RecordedEvent, manager: EntityManager): Promise<void> {
    const { name } = this.handlerClass;
    const [handler] = this.application.get(DurableHandlers, { strict: false }).all();
    await handler?.handle([recorded], manager, (event, work) =>
      new EventInHand(name, event.position).run(work),
    );
  }
}
