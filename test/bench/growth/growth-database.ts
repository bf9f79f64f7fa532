import { DataSource } from 'typeorm';
import {
  AppendSignal,
  EventRegistry,
  EventSourcedRepository,
  PostgresEventStore,
  Projections,
} from '../../../src/event-sourcing';
import { ProgressSignal } from '../../../src/event-sourcing/event-store/progress-signal';
import { Projection } from '../../../src/event-sourcing/projections/projection';
import { User } from '../../../src/modules/users/domain/user';
import { UserEntity } from '../../../src/modules/users/read-model/user.entity';
import { UserReadModelRepository } from '../../../src/modules/users/read-model/user-read-model.repository';
import { UsersProjector } from '../../../src/modules/users/read-model/users.projector';

/** The users module on one database, put together by hand: no HTTP, no subscription until somebody asks for it. */
export interface GrowthDatabase {
  readonly store: PostgresEventStore;
  readonly dataSource: DataSource;
  readonly aggregates: EventSourcedRepository<User>;
  readonly users: UserReadModelRepository;
  readonly projection: Projection;
  readonly appended: AppendSignal;
  readonly projected: ProgressSignal;
  close(): Promise<void>;
}

export async function openGrowthDatabase(url: string): Promise<GrowthDatabase> {
  const appended = new AppendSignal();
  const registry = new EventRegistry();
  const projections = new Projections(registry);
  projections.register(new UsersProjector());
  const store = new PostgresEventStore({ connection: { connectionString: url } }, appended);
  const dataSource = await new DataSource({ type: 'postgres', url, entities: [UserEntity] }).initialize();
  return {
    store,
    dataSource,
    // Without a cache: a load is to read the stream.
    aggregates: new EventSourcedRepository(User, store, registry),
    users: new UserReadModelRepository(dataSource.manager),
    projection: projections.get('users'),
    appended,
    projected: new ProgressSignal(),
    close: async () => {
      await store.close();
      await dataSource.destroy();
    },
  };
}
