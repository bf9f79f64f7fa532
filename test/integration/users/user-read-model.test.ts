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

  it('a piece that reaches over the "@" is compared whole, though the index is asked for a part of it', async () => {
    const emails = [
      'charlotte_augusta.lovelace@example.com',
      'charlotte-augusta.lovelace@example.com',
      'augusta.lovelace@example.org',
      'ada😀bcdefghijkl@example.net',
    ];
    for (const [index, email] of emails.entries())
      await dataSource.manager.insert(
        UserEntity,
        row(uuidv7(), { email, createdPosition: String(100 + index) }),
      );
    const found = async (email: string) =>
      (await users.search({ email, limit: 10 })).users.map((user) => user.email);
    expect(await found('Charlotte_Augusta.Lovelace@example.com')).toEqual([emails[0]]);
    expect(await found('augusta.lovelace@example')).toEqual(emails.slice(0, 3));
    expect(await found('augusta.lovelace@example.o')).toEqual([emails[2]]);
    expect(await found('a😀bcdefghijkl@example.net')).toEqual([emails[3]]);
    expect(await found('ace@example.com')).toEqual(emails.slice(0, 2));
    expect(await found('ce@example.com')).toEqual(emails.slice(0, 2));
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
