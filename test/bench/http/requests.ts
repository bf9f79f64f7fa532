import { v7 as uuidv7 } from 'uuid';
import { HttpRequest } from './load';
import { Server } from './servers';

let created = 0;

export function createUser(): HttpRequest {
  const body = { name: 'Ada Lovelace', email: `ada.${++created}@example.com` };
  return { method: 'POST', path: '/v1/users', body: JSON.stringify(body) };
}

/** Reads of the users, one after the other. */
export function readsOf(ids: readonly string[]): () => HttpRequest {
  let turn = 0;
  return () => ({ method: 'GET', path: `/v1/users/${ids[turn++ % ids.length]}` });
}

/** `Min-Event-Position` for a read that must see what this answer has stored. */
export function position(response: Response): Record<string, string> {
  const stored = response.headers.get('event-position');
  return stored === null ? {} : { 'min-event-position': stored };
}

export function read(
  { url, headers }: Server,
  userId: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${url}/v1/users/${userId}`, { headers: { ...headers, ...more } });
}

/** Creates users, and gives their ids when all of them can be read. */
export async function usersToRead(server: Server): Promise<readonly string[]> {
  const ids = Array.from({ length: 500 }, () => uuidv7());
  const { url, headers } = server;
  for (const userId of ids) {
    await fetch(`${url}/v1/users`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ userId, name: 'Ada Lovelace', email: `${userId}@example.com` }),
    });
  }
  for (let tries = 0; (await read(server, ids.at(-1) ?? '')).status !== 200; tries++) {
    if (tries === 600) throw new Error(`${server.name}: the users cannot be read.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return ids;
}

/** Waits until the subscriptions of a service have handled all events. */
export async function caughtUp({ name, url, headers }: Server): Promise<void> {
  for (let tries = 0; tries < 1_200; tries++) {
    const response = await fetch(`${url}/v1/admin/subscriptions`, { headers });
    const { items } = (await response.json()) as { items: { lagEvents: number | string }[] };
    if (items.length > 0 && items.every(({ lagEvents }) => Number(lagEvents) === 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${name}: the subscriptions do not catch up.`);
}
