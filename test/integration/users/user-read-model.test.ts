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

  it('finds the same page by page, whether many addresses have the piece, or few, or only late ones', async () => {
    await dataSource.query(`
      INSERT INTO users (user_id, name, email, is_active, created_at, updated_at, version, created_position)
      SELECT gen_random_uuid(), 'Ada',
        CASE WHEN n % 1500 = 0 THEN 'r_re.σ' WHEN n > 4500 THEN 'late' ELSE 'early' END || n || '@many.example',
        n % 7 <> 0, now(), now(), 1, 1000 + 3 * n
      FROM generate_series(1, 5000) AS n`);
    const order = { createdPosition: 'ASC' } as const;
    const all = await dataSource.manager.find(UserEntity, { order });
    for (const email of [
      'early',
      'many',
      'late',
      '99',
      'r_re',
      'σ',
      'late4999@m',
      '4999@MANY',
      'nobody',
      '%',
    ])
      for (const isActive of [undefined, false]) {
        const expected = all.filter(
          (user) =>
            user.email.includes(email.toLowerCase()) &&
            (isActive === undefined || user.isActive === isActive),
        );
        const found: UserEntity[] = [];
        for (let after: bigint | undefined = 0n; after !== undefined;) {
          const page = await users.search({ email, isActive, limit: 300, after });
          found.push(...page.users);
          after = page.next;
        }
        expect(found).toEqual(expected);
      }
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
