import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { claimLine, eventLine, eventsPerUser } from './grown-log';

const linesPerChunk = 500;
const eventsPerTransaction = 100_000;

/** From the event with the one number up to, without it, the event with the other. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

/**
 * Puts a part of the grown log behind what is stored, by COPY, as if it had been appended: the head moves with it, positions
 * are dense, and each user holds its address. Read models are left to the product, which makes them from the log.
 */
export async function loadLog(url: string, { from, to }: Part): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (let at = from; at < to; at += eventsPerTransaction)
      await load(client, { from: at, to: Math.min(to, at + eventsPerTransaction) });
  } finally {
    await client.end();
  }
}

async function load(client: Client, { from, to }: Part): Promise<void> {
  const count = to - from;
  await client.query('BEGIN');
  const { rows } = await client.query<{ before: string }>('SELECT annals.lock_log() AS before');
  const before = Number(rows[0]?.before);
  await copy(client, 'events', count, (index) => eventLine(from + index, before + index + 1));
  const firstUser = from / eventsPerUser;
  await copy(client, 'claims', count / eventsPerUser, (index) => claimLine(firstUser + index));
  await client.query('COMMIT');
}

async function copy(
  client: Client,
  table: string,
  count: number,
  line: (index: number) => string,
): Promise<void> {
  function* chunks(): Generator<string> {
    for (let at = 0; at < count; at += linesPerChunk) {
      const lines = Array.from({ length: Math.min(linesPerChunk, count - at) }, (_, index) =>
        line(at + index),
      );
      yield `${lines.join('\n')}\n`;
    }
  }
  await pipeline(
    Readable.from(chunks(), { objectMode: true }),
    client.query(copyFrom(`COPY annals.${table} FROM STDIN`)),
  );
}
