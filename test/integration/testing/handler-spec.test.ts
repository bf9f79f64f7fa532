import { DataSource } from 'typeorm';
import { idOfEvent, timeOfEvent } from '../../../src/event-sourcing/testing';
import { handlerSpec } from '../../../src/event-sourcing/testing';
import { WelcomeMessageEntity } from '../../../src/modules/users/application/welcome-message.entity';
import { WelcomeNewUser } from '../../../src/modules/users/application/welcome-new-user';
import { User } from '../../../src/modules/users/domain/user';
import { UserCreated } from '../../../src/modules/users/domain/user-events';
import { createTestDatabase, TestDatabase } from '../../support/test-database';

const userId = '0199c0de-0000-7000-8000-000000000001';
const ada = new UserCreated('Ada', 'ada@example.com');

describe('the spec of a durable handler that writes rows', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [WelcomeMessageEntity],
    }).initialize();
  });

  afterAll(async () => {
    expect(await dataSource.manager.count(WelcomeMessageEntity)).toBe(0);
    await dataSource.destroy();
    await database.drop();
  });

  const message: WelcomeMessageEntity = {
    messageId: idOfEvent(1),
    userId,
    email: 'ada@example.com',
    text: 'Welcome, Ada!',
    createdAt: timeOfEvent(1),
    sentAt: null,
  };

  it('expects the rows, also when the event comes twice', async () => {
    const welcome = handlerSpec(WelcomeNewUser, { dataSource });
    await welcome.when(User, userId, ada).thenRows(WelcomeMessageEntity, [message]);
    await welcome.whenTwice(User, userId, ada).thenRows(WelcomeMessageEntity, [message]);
  });

  it('names the row and the member that are not as expected', async () => {
    const welcome = handlerSpec(WelcomeNewUser, { dataSource }).when(User, userId, ada);
    const wrong = welcome.thenRows(WelcomeMessageEntity, [{ ...message, text: 'Goodbye!' }]);
    await expect(wrong).rejects.toThrow(/WelcomeNewUser did not write .*\.text\n {4}expected: 'Goodbye!'/s);
  });
});
