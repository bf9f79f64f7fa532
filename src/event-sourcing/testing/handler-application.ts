import {
  type DynamicModule,
  Logger,
  type LogLevel,
  type ModuleMetadata,
  type Provider,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { DataSource } from 'typeorm';
import { AggregateClass } from '../domain';
import { EventSourcingModule } from '../event-sourcing.module';
import { EventSourcingTestingModule } from './event-sourcing-testing.module';
import { InStream } from './given-events';
import { classesOf, injectedAggregates } from './handler-aggregates';
import { ExpectedRows, HandlerRun, Message, Outcome } from './handler-run';
import { RecordedCalls } from './recorded-calls';

export interface HandlerSpecOptions {
  /** What the handler injects. Calls of those with `useValue` are recorded, for `thenCalls`. */
  readonly providers?: readonly Provider[];
  readonly imports?: ModuleMetadata['imports'];
  /** The aggregates whose repositories are injected. Needed only where the constructors do not tell. */
  readonly aggregates?: readonly AggregateClass[];
  /** For a durable handler that writes rows: knows their entities, on a Postgres that has the tables. Nothing in them changes. */
  readonly dataSource?: DataSource;
}

interface Scene {
  readonly history: readonly InStream[];
  readonly message: Message;
  readonly rows?: ExpectedRows;
}

const levels: readonly LogLevel[] = ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'];

/** Runs the handler once, in an application that holds it and what it injects. */
export async function outcomeOf(
  handlerClass: Type,
  options: HandlerSpecOptions,
  scene: Scene,
): Promise<Outcome> {
  if (scene.rows && !options.dataSource)
    throw new Error(`Rows are in a database. Give it: handlerSpec(${handlerClass.name}, { dataSource }).`);
  const calls = new RecordedCalls();
  // Nest keeps the level of the last application for the whole process.
  const logged = levels.filter((level) => Logger.isLevelEnabled(level));
  const application = await NestFactory.createApplicationContext(moduleOf(handlerClass, options, calls), {
    logger: ['fatal'],
    abortOnError: false,
  });
  try {
    const run = new HandlerRun(application, handlerClass, calls, options.dataSource);
    return await run.outcome(scene.history, scene.message, scene.rows);
  } finally {
    await application.close();
    Logger.overrideLogger(logged);
  }
}

function moduleOf(
  handlerClass: Type,
  { providers = [], imports = [], aggregates = [] }: HandlerSpecOptions,
  calls: RecordedCalls,
): DynamicModule {
  class HandlerSpecModule {}
  const injected = injectedAggregates([handlerClass, ...classesOf(providers)], aggregates);
  return {
    module: HandlerSpecModule,
    imports: [
      EventSourcingTestingModule.forRoot(),
      EventSourcingModule.forFeature({ aggregates: injected }),
      ...imports,
    ],
    providers: [handlerClass, ...calls.watched(providers)],
  };
}
