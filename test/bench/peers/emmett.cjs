const { getPostgreSQLEventStore } = require('@event-driven-io/emmett-postgresql');
const { isExpectedVersionConflictError } = require('@event-driven-io/emmett');
const { Pool } = require('pg');

/** @event-driven-io/emmett-postgresql, by its event store; the log as its consumers read it is not public, so no tail. */
exports.open = async ({ connectionString, connections, payload, metadata }) => {
  const pool = new Pool({ connectionString, max: connections });
  const store = getPostgreSQLEventStore(connectionString, { connectionOptions: { pool } });
  await store.schema.migrate();
  const events = (count) =>
    Array.from({ length: count }, () => ({ type: 'Benched', data: payload, metadata: metadata() }));
  return {
    name: 'emmett-postgresql 0.42.0',
    append: async (id, version, count) => {
      const expectedStreamVersion = version === 0 ? 'STREAM_DOES_NOT_EXIST' : BigInt(version);
      await store.appendToStream(`bench-${id}`, events(count), { expectedStreamVersion });
    },
    load: async (id) => Number((await store.readStream(`bench-${id}`)).currentStreamVersion),
    isConflict: isExpectedVersionConflictError,
    close: async () => {
      await store.close();
      if (!pool.ended) await pool.end();
    },
  };
};
