const { randomUUID } = require('node:crypto');
const { dumbo, sql } = require('@event-driven-io/dumbo');
const {
  getPostgreSQLEventStore,
  postgreSQLRawSQLProjection,
  readMessagesBatch,
} = require('@event-driven-io/emmett-postgresql');
const { isExpectedVersionConflictError } = require('@event-driven-io/emmett');
const { Pool } = require('pg');

/** @event-driven-io/emmett-postgresql, by its event store. It is tailed by the function with which its consumers read. */
exports.open = async ({ connectionString, connections, payload, metadata }) => {
  const pool = new Pool({ connectionString, max: connections });
  const store = getPostgreSQLEventStore(connectionString, { connectionOptions: { pool } });
  await store.schema.migrate();
  const { execute } = dumbo({ connectionString, pool });
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
    // The error does not tell the version; a read from the known one on does.
    versionAfter: async (id, _error, known) =>
      Number((await store.readStream(`bench-${id}`, { from: BigInt(known) })).currentStreamVersion),
    tail: async (after, batchSize) =>
      (await readMessagesBatch(execute, { after: BigInt(after), batchSize })).messages.map(({ metadata }) =>
        Number(metadata.globalPosition),
      ),
    head: async () => (await pool.query('SELECT count(*)::integer AS count FROM emt_messages')).rows[0].count,
    consumer: {
      name: 'consumer, batches of 1,000',
      project: async (events, upsert) => {
        const consumer = store.consumer({
          pulling: { batchSize: 1_000, pullingFrequencyInMs: 0 },
          stopWhen: { noMessagesLeft: true },
        });
        const streams = new Set();
        let handled = 0;
        consumer.projector({
          projection: postgreSQLRawSQLProjection({
            name: randomUUID(),
            canHandle: ['Benched'],
            evolve: ({ data, metadata: { streamName } }) => {
              streams.add(streamName);
              return sql(upsert.replace('$1', '%L').replace('$2', '%L'), streamName, data.email);
            },
          }),
          stopAfter: () => ++handled === events,
        });
        await consumer.start();
        return { events: handled, rows: streams.size };
      },
    },
    close: async () => {
      await store.close();
      if (!pool.ended) await pool.end();
    },
  };
};
