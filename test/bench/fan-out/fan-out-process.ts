import 'reflect-metadata';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';

/** The public interface of the build that is measured: this one, or another. */
const dist = resolve(process.env.FAN_OUT_DIST ?? 'dist', 'event-sourcing');
// eslint-disable-next-line @typescript-eslint/no-require-imports -- which build it is, is known when it runs
const kernel = require(join(dist, 'index.js')) as typeof import('../../../src/event-sourcing');
// eslint-disable-next-line @typescript-eslint/no-require-imports -- the same
const domain = require(
  join(dist, 'domain', 'index.js'),
) as typeof import('../../../src/event-sourcing/domain');

const url = process.env.FAN_OUT_URL ?? '';
const subscriptions = Number(process.env.FAN_OUT_SUBSCRIPTIONS);
const perSecond = Number(process.env.FAN_OUT_RATE);
const seconds = Number(process.env.FAN_OUT_SECONDS);

/** What the process tells of itself. */
export interface FanOutReport {
  readonly events: number;
  /** Processor time in milliseconds, until all subscriptions have handled all events. */
  readonly processorMs: number;
}

const createRows = `
  CREATE TABLE fan_rows (subscription text, position bigint, email text NOT NULL, PRIMARY KEY (subscription, position))`;

@Entity('fan_rows')
class FanRow {
  @PrimaryColumn('text')
  subscription!: string;

  @PrimaryColumn('bigint')
  position!: string;

  @Column('text')
  email!: string;
}

@domain.DomainEvent('Fanned')
class Fanned {
  constructor(readonly email: string) {}
}

/** A subscription that writes one row for each event. */
function handlerNo(number: number): Type {
  const name = `fan-${number}`;
  class Handler {
    handle(
      { email }: Fanned,
      { rows, recorded }: import('../../../src/event-sourcing').HandlerContext,
    ): void {
      rows(FanRow).insert({ subscription: name, position: String(recorded.position), email });
    }
  }
  kernel.DurableEventsHandler({ name, eventsPerTransaction: 1_000, flush: false }, Fanned)(Handler);
  return Handler;
}

function moduleWith(handlers: readonly Type[]): Type {
  @Module({
    imports: [
      TypeOrmModule.forRoot({ type: 'postgres', url, entities: [FanRow], poolSize: 20 }),
      kernel.EventSourcingModule.forRoot({ store: { connection: { connectionString: url } } }),
    ],
    providers: [...handlers],
  })
  class FanOutModule {}
  return FanOutModule;
}

async function appendSteadily(store: import('../../../src/event-sourcing').EventStore): Promise<number> {
  const events = perSecond * seconds;
  const began = performance.now();
  const appends: Promise<unknown>[] = [];
  while (appends.length < events) {
    const due = Math.min(events, Math.ceil(((performance.now() - began) / 1_000) * perSecond));
    while (appends.length < due) {
      const event = { type: 'Fanned', data: { email: 'ada@example.com' } };
      const stream = { type: 'Fan', id: kernel.newId() };
      appends.push(store.appendToStream(stream, [event], { expectedVersion: 'no-stream' }));
    }
    await delay(1);
  }
  await Promise.all(appends);
  return events;
}

async function caughtUp(dataSource: DataSource, rows: number): Promise<void> {
  const text = 'SELECT count(*)::integer AS count FROM fan_rows';
  for (let tries = 0; tries < 1_200; tries++) {
    const [row] = await dataSource.query<{ count: number }[]>(text);
    if (row?.count === rows) return;
    await delay(50);
  }
  throw new Error('The subscriptions do not catch up.');
}

async function run(): Promise<void> {
  await kernel.migrateEventSourcing({ connection: { connectionString: url } });
  const handlers = Array.from({ length: subscriptions }, (_, number) => handlerNo(number));
  const application = await NestFactory.createApplicationContext(moduleWith(handlers), { logger: false });
  const store = application.get(kernel.EventStore);
  const dataSource = application.get(DataSource);
  await dataSource.query(createRows);
  // What runs for the first time is compiled.
  const warmUp = await appendSteadily(store);
  await caughtUp(dataSource, warmUp * subscriptions);
  process.send?.('begin');
  const before = process.cpuUsage();
  const events = await appendSteadily(store);
  await caughtUp(dataSource, (warmUp + events) * subscriptions);
  const { user, system } = process.cpuUsage(before);
  process.send?.({ events, processorMs: (user + system) / 1_000 } satisfies FanOutReport);
  await application.close();
}

Logger.overrideLogger(['warn', 'error']);
run().then(
  () => process.disconnect?.(),
  (error: Error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
