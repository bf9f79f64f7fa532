import { DataSource } from 'typeorm';
import { projectorSpec, timeOfEvent } from '../../../src/event-sourcing/testing';
import { User } from '../../../src/modules/users/domain/user';
import {
  UserCreated,
  UserDeactivated,
  UserEmailChanged,
  UserReactivated,
  UserRenamed,
} from '../../../src/modules/users/domain/user-events';
import { UserEntity } from '../../../src/modules/users/read-model/user.entity';
import { UsersProjector } from '../../../src/modules/users/read-model/users.projector';
import { createTestDatabase, TestDatabase } from '../../support/test-database';

const [adasId, gracesId] = ['0199c0de-0000-7000-8000-000000000001', '0199c0de-0000-7000-8000-000000000002'];

describe('the read model of users', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [UserEntity],
    }).initialize();
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it('has a row for each user, as the last event left it', async () => {
    await projectorSpec(UsersProjector, { dataSource })
      .given(User, adasId, new UserCreated('Ada', 'ada@example.com'))
      .given(User, gracesId, new UserCreated('Grace', 'grace@example.com'))
      .given(User, adasId, new UserRenamed('Ada L.'), new UserDeactivated())
      .given(User, gracesId, new UserEmailChanged('grace@example.com', 'hopper@example.com'))
      .given(User, adasId, new UserReactivated())
      .given(User, gracesId, new UserDeactivated())
      .thenRows(UserEntity, [
        {
          userId: adasId,
          name: 'Ada L.',
          email: 'ada@example.com',
          isActive: true,
          createdAt: timeOfEvent(1),
          updatedAt: timeOfEvent(6),
          version: 4,
          createdPosition: '1',
        },
        {
          userId: gracesId,
          name: 'Grace',
          email: 'hopper@example.com',
          isActive: false,
          createdAt: timeOfEvent(2),
          updatedAt: timeOfEvent(7),
          version: 3,
          createdPosition: '2',
        },
      ]);
  });
});
