import type { EntityManager } from 'typeorm';

/** Stands for the transaction of a handler where a test has no database. Whatever is asked of it fails, and says the mend. */
export const noDatabase = new Proxy({} as EntityManager, {
  get(_, member): never {
    throw new Error(
      `The handler uses the database (${String(member)}), and this test has none. Test it by ` +
        'handlerSpec(…, { dataSource }), or on a database of its own.',
    );
  },
});
