import { DynamicModule, Module, Provider, Type } from '@nestjs/common';
import { Test, TestingModule } from '@nestjs/testing';
import { TypeOrmModule, TypeOrmModuleOptions } from '@nestjs/typeorm';
import { Client } from 'pg';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import {
  EventSourcingModule,
  type EventSourcingExtras,
  type EventSourcingOptions,
  type ProjectionContext,
  Projector,
} from '../../../src/event-sourcing';
import { Aggregate, AggregateRoot, DomainEvent, On } from '../../../src/event-sourcing/domain';

@DomainEvent('Rung')
export class Rung {}

@Aggregate('Bell')
export class Bell extends AggregateRoot {
  ring(): this {
    this.raise(new Rung());
    return this;
  }

  @On(Rung)
  protected onRung(_event: Rung): void {}
}

@Entity('bells')
export class BellEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('integer')
  rings!: number;
}

export const createBells = 'CREATE TABLE bells (id text PRIMARY KEY, rings integer NOT NULL)';

/** A projector that counts, under this name. */
export function bellsProjector(name = 'bells', entity: Type = BellEntity, version = 1): Type {
  @Projector(name, { version, entities: [entity] })
  class BellsProjector {
    @On(Rung)
    async onRung(_event: Rung, { rows, recorded }: ProjectionContext): Promise<void> {
      const { id } = recorded.stream;
      const before = (await rows(BellEntity).get(id))?.rings ?? 0;
      rows(BellEntity).put({ id, rings: before + 1 });
    }
  }
  return BellsProjector;
}

/** An application of somebody else, on the kernel and TypeORM. */
export interface Host {
  /** The database of the data source; `false` for an application without TypeORM. */
  readonly url: string | false;
  readonly typeorm?: Partial<TypeOrmModuleOptions> & Record<string, unknown>;
  readonly kernel?: Partial<EventSourcingOptions> & EventSourcingExtras;
  readonly projectors?: readonly Type[];
  readonly entities?: readonly Type[];
  readonly providers?: readonly Provider[];
  readonly before?: readonly (Type | DynamicModule)[];
  readonly behind?: readonly (Type | DynamicModule)[];
}

const running: TestingModule[] = [];

export async function startHost(host: Host): Promise<TestingModule> {
  const imports = [
    ...(host.before ?? []),
    ...databaseOf(host),
    kernelOf(host),
    featureOf(host),
    ...(host.behind ?? []),
  ];
  const application = await Test.createTestingModule({ imports }).compile();
  running.push(application);
  return application.init();
}

function databaseOf({ url, entities = [BellEntity], typeorm }: Host): DynamicModule[] {
  if (url === false) return [];
  const options = { type: 'postgres', url, entities: [...entities], retryAttempts: 0, ...typeorm };
  return [TypeOrmModule.forRoot(options as TypeOrmModuleOptions)];
}

function kernelOf({ url, kernel }: Host): DynamicModule {
  const connection = { connectionString: url || undefined };
  return EventSourcingModule.forRoot({ store: { connection }, ...kernel });
}

function featureOf({ projectors = [bellsProjector()], providers = [] }: Host): Type {
  @Module({
    imports: [EventSourcingModule.forFeature({ aggregates: [Bell], projectors })],
    providers: [...providers],
  })
  class FeatureModule {}
  return FeatureModule;
}

export async function stopHosts(): Promise<void> {
  for (const application of running.splice(0)) await application.close();
}

/** Why the application does not start. */
export async function refusal(host: Host): Promise<string> {
  const error: unknown = await startHost(host).then(
    () => new Error('The application started.'),
    (reason: unknown) => reason,
  );
  await stopHosts();
  return error instanceof Error ? `${error.constructor.name}: ${error.message}` : String(error);
}

export async function run<R extends object>(url: string, sql: string): Promise<R[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const result = await client.query<R>(sql);
    return result.rows;
  } finally {
    await client.end();
  }
}
