const { readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { randomUUID } = require('node:crypto');
const { Pool } = require('pg');

const root = join(dirname(require.resolve('@eventide/message-db/package.json')), 'database');
const files = [
  'schema/message-store.sql',
  'tables/messages.sql',
  'types/message.sql',
  ...[
    'message-store-version',
    'hash-64',
    'acquire-lock',
    'category',
    'is-category',
    'id',
    'cardinal-id',
    'stream-version',
  ]
    .concat(['write-message', 'get-stream-messages', 'get-category-messages', 'get-last-stream-message'])
    .map((name) => `functions/${name}.sql`),
  'indexes/messages-id.sql',
  'indexes/messages-stream.sql',
  'indexes/messages-category.sql',
];

/** The functions of message-db, called through `pg`. Its versions count from 0, and one call writes one message. */
exports.open = async ({ connectionString, connections, payload, metadata }) => {
  const pool = new Pool({
    connectionString,
    max: connections,
    options: '-c search_path=message_store,public',
  });
  for (const file of files) await run(pool, readFileSync(join(root, file), 'utf8'));
  const write = { name: 'write', text: 'SELECT write_message($1, $2, $3, $4, $5, $6)' };
  const read = { name: 'read', text: 'SELECT * FROM get_stream_messages($1, 0, -1)' };
  const tail = { name: 'tail', text: "SELECT global_position FROM get_category_messages('bench', $1, $2)" };
  const data = JSON.stringify(payload);
  return {
    name: 'message-db 1.3.1',
    append: async (id, version, count) => {
      const client = await pool.connect();
      try {
        if (count > 1) await client.query('BEGIN');
        for (let n = 0; n < count; n++) {
          const values = [
            randomUUID(),
            `bench-${id}`,
            'Benched',
            data,
            JSON.stringify(metadata()),
            version + n - 1,
          ];
          await client.query({ ...write, values });
        }
        if (count > 1) await client.query('COMMIT');
      } finally {
        // `pool.query` would throw the connection away at each conflict.
        client.release();
      }
    },
    load: async (id) => (await pool.query({ ...read, values: [`bench-${id}`] })).rows.length,
    isConflict: (error) => /Wrong expected version/.test(error.message),
    versionAfter: async (_id, { message }) => Number(/Stream Version: (\d+)/.exec(message)[1]) + 1,
    tail: async (after, limit) =>
      (await pool.query({ ...tail, values: [after + 1, limit] })).rows.map((row) =>
        Number(row.global_position),
      ),
    head: async () => (await pool.query('SELECT count(*)::integer AS count FROM messages')).rows[0].count,
    close: () => pool.end(),
  };
};

async function run(pool, sql) {
  // The files are written for psql: one index is built concurrently, which stands in no transaction.
  for (const statement of /CONCURRENTLY/i.test(sql) ? sql.split(';') : [sql])
    if (statement.trim()) await pool.query(statement);
}
