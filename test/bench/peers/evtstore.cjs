const { randomUUID } = require('node:crypto');
const { createHandler } = require('evtstore');
const { createProvider, migrate } = require('evtstore/provider/pg');
const { VersionError } = require('evtstore/provider/error');
const { Pool } = require('pg');

/** evtstore's provider on `pg`. Its versions are 1, 2, 3 … as given by the caller. */
exports.open = async ({ connectionString, connections, payload, metadata }) => {
  const pool = new Pool({ connectionString, max: connections });
  const options = { client: pool, events: 'evtstore_events', bookmarks: 'evtstore_bookmarks' };
  await migrate(options);
  const provider = createProvider(options);
  const events = (count) =>
    Array.from({ length: count }, () => ({ type: 'Benched', ...payload, ...metadata() }));
  return {
    name: 'evtstore 12.0.1',
    append: async (id, version, count) => {
      await provider.append(
        'bench',
        id,
        version,
        provider.createEvents('bench', id, version + 1, events(count)),
      );
    },
    load: async (id) => (await provider.getEventsFor('bench', id)).length,
    isConflict: (error) => error instanceof VersionError,
    versionAfter: async (id) => (await provider.getLastEventFor('bench', id)).version,
    tail: async (after, limit) =>
      (await provider.getEventsFrom('bench', after, limit)).map(({ position }) => Number(position)),
    head: async () =>
      (await pool.query('SELECT count(*)::integer AS count FROM evtstore_events')).rows[0].count,
    consumer: {
      name: 'createHandler, pages of 1,000',
      project: async (events, upsert) => {
        const bookmark = randomUUID();
        const pages = createProvider({ ...options, limit: 1_000 });
        const handler = createHandler({ provider: pages, bookmark, streams: ['bench'] });
        // It stops only at the end of the log or at an error.
        const enough = new Error('enough');
        const streams = new Set();
        let handled = 0;
        handler.handle('bench', 'Benched', async (id, { email }) => {
          if (handled === events) throw enough;
          await pool.query({ name: 'upsert', text: upsert, values: [id, email] });
          streams.add(id);
          handled++;
        });
        await handler.runOnce().catch((error) => {
          if (error !== enough) throw error;
        });
        return { events: handled, rows: streams.size };
      },
    },
    close: () => pool.end(),
  };
};
