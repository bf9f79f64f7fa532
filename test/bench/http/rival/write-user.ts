import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { CrudUser, OutboxRow } from './tables';

/**
 * How a team stores a new user: by one INSERT; by `save()`, as the documentation of TypeORM teaches it, which looks for the row
 * first; or by one INSERT with a row of an outbox in the same transaction, from which others learn of the user.
 */
export type CrudWrites = 'insert' | 'save' | 'outbox';

export const writeUser: Readonly<
  Record<CrudWrites, (manager: EntityManager, user: CrudUser) => Promise<unknown>>
> = {
  insert: (manager, user) => manager.insert(CrudUser, user),
  save: (manager, user) => manager.save(user),
  outbox: (manager, user) =>
    manager.transaction(async (transaction) => {
      await transaction.insert(CrudUser, user);
      await transaction.insert(OutboxRow, eventOf(user));
    }),
};

function eventOf({ userId, name, email, createdAt }: CrudUser): OutboxRow {
  return { id: uuidv7(), type: 'UserCreated', data: { userId, name, email }, createdAt };
}
