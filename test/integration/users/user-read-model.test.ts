import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { UserReadModelRepository } from '../../../src/modules/users/read-model/user-read-model.repository';
import { UserEntity } from '../../../src/modules/users/read-model/user.entity';
import { createTestDatabase, TestDatabase } from '../../support/test-database';

describe('the read model of users', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let users: UserReadModelRepository;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [UserEntity],
    }).initialize();
    users = new UserReadModelRepository(dataSource.manager);
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const row = (userId: string, changes: Partial<UserEntity> = {}): UserEntity => ({
    userId,
    name: 'Ada',
    email: `${userId}@example.com`,
    isActive: true,
    createdAt: new Date('2026-01-01T00:00:00Z'),
    updatedAt: new Date('2026-01-01T00:00:00Z'),
    version: 1,
    createdPosition: '1',
    ...changes,
  });

  it('search works without the trigram index', async () => {
    const userId = uuidv7();
    await dataSource.manager.insert(
      UserEntity,
      row(userId, { email: 'trigram_free%@example.com', createdPosition: '2' }),
    );
    const withIndex = await users.search({ email: 'FREE%', limit: 10 });
    await dataSource.query('DROP INDEX users_email_pieces');
    await dataSource.query('DROP EXTENSION pg_trgm');
    expect(withIndex.users.map((user) => user.userId)).toEqual([userId]);
    expect(await users.search({ email: 'FREE%', limit: 10 })).toEqual(withIndex);
  });
});
