const { PostgresEventStorageAdapter } = require('@castore/event-storage-adapter-postgres');
const { isEventAlreadyExistsError } = require('@castore/core');

/** castore's Postgres adapter. It has no order over all streams, so it cannot be tailed. */
exports.open = async ({ connectionString, connections, payload, metadata }) => {
  const url = `${connectionString}${connectionString.includes('?') ? '&' : '?'}max=${connections}`;
  await PostgresEventStorageAdapter.createEventTable({ connectionString: url });
  const adapter = new PostgresEventStorageAdapter({ connectionString: url });
  const context = { eventStoreId: 'bench' };
  const event = (aggregateId, version) => ({
    aggregateId,
    version,
    type: 'Benched',
    payload,
    metadata: metadata(),
  });
  return {
    name: 'castore postgres 2.4.2',
    append: async (id, version, count) => {
      // One push holds one event; a group is for several aggregates.
      for (let n = 1; n <= count; n++) await adapter.pushEvent(event(id, version + n), context);
    },
    load: async (id) => (await adapter.getEvents(id, context)).events.length,
    isConflict: isEventAlreadyExistsError,
    // The error does not tell the version; the last event does.
    versionAfter: async (id) =>
      (await adapter.getEvents(id, context, { reverse: true, limit: 1 })).events[0].version,
    close: () => adapter._sql.end(),
  };
};
