/**
 * Uses the testing kit in a process without a test runner. Argument: the address of a database. Prints, for each check, whether it
 * passed, or the first line of what it said.
 */
import 'reflect-metadata';
import { CommandBus } from '@nestjs/cqrs';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { EventSourcingModule } from '../../../src/event-sourcing';
import {
  EventDelivery,
  EventSourcingTestingModule,
  eventStoreContract,
  handlerSpec,
  projectorSpec,
  specFor,
  timeOfEvent,
} from '../../../src/event-sourcing/testing';
import { InMemoryEventStore } from '../../../src/event-sourcing';
import { CreateUser, CreateUserHandler } from '../../../src/modules/users/application/create-user.command';
import { User } from '../../../src/modules/users/domain/user';
import { UserCreated, UserDeactivated } from '../../../src/modules/users/domain/user-events';
import { UserEntity } from '../../../src/modules/users/read-model/user.entity';
import { UsersProjector } from '../../../src/modules/users/read-model/users.projector';

const ada = new UserCreated('Ada', 'ada@example.com');
const userId = '0199c0de-0000-7000-8000-000000000001';
const row: UserEntity = {
  userId,
  name: 'Ada',
  email: 'ada@example.com',
  isActive: true,
  createdAt: timeOfEvent(1),
  updatedAt: timeOfEvent(1),
  version: 1,
  createdPosition: '1',
};

async function said(check: () => unknown): Promise<string> {
  try {
    await check();
    return 'passed';
  } catch (error) {
    return String((error as Error).message).split('\n')[0] ?? '';
  }
}

async function settled(): Promise<void> {
  const module = {
    module: class {},
    imports: [EventSourcingTestingModule.forRoot(), EventSourcingModule.forFeature({ aggregates: [User] })],
    providers: [CreateUserHandler],
  };
  const application = await NestFactory.createApplicationContext(module, { logger: ['fatal'] });
  await application.get(CommandBus).execute(new CreateUser(userId, 'Ada', 'ada@example.com'));
  await application.get(EventDelivery).settle();
  await application.close();
}

async function main(url: string | undefined): Promise<void> {
  const dataSource = await new DataSource({ type: 'postgres', url, entities: [UserEntity] }).initialize();
  const decided = specFor(User)
    .given(ada)
    .when((user) => user.deactivate());
  const create = handlerSpec(CreateUserHandler).when(new CreateUser(userId, 'Ada', 'ada@example.com'));
  const users = projectorSpec(UsersProjector, { dataSource }).given(User, userId, ada);
  const [firstCase] = eventStoreContract;
  const results = {
    'specFor, right': await said(() => decided.thenRaises(new UserDeactivated())),
    'specFor, wrong': await said(() => decided.thenRaisesNothing()),
    'handlerSpec, right': await said(() => create.thenRaises(User, userId, ada)),
    'handlerSpec, wrong': await said(() => create.thenRaisesNothing()),
    'projectorSpec, right': await said(() => users.thenRows(UserEntity, [row])),
    'projectorSpec, wrong': await said(() => users.thenRows(UserEntity, [])),
    'the testing module': await said(settled),
    'the contract': await said(() => firstCase?.run(new InMemoryEventStore())),
  };
  await dataSource.destroy();
  process.stdout.write(JSON.stringify(results));
}

void main(process.argv[2]);
