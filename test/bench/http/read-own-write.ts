import { LoadResult } from './load';
import { createUser, position, read } from './requests';
import { Server } from './servers';

/**
 * Creates a user and reads it, one after the other. The times are those of the reads: of this project, until the read model has
 * what was just written.
 */
export async function readOwnWrites(server: Server, ms: number): Promise<LoadResult> {
  const times: number[] = [];
  const began = performance.now();
  while (performance.now() - began < ms) {
    const { method, path, body } = createUser();
    const headers = { ...server.headers, 'content-type': 'application/json' };
    const created = await fetch(server.url + path, { method, headers, body });
    const { userId } = (await created.json()) as { userId: string };
    const sent = performance.now();
    const found = await read(server, userId, position(created));
    await found.arrayBuffer();
    if (found.status !== 200)
      throw new Error(`${server.name}: ${found.status} for a user that was just created.`);
    times.push(performance.now() - sent);
  }
  const took = performance.now() - began;
  return { answered: times.length, perSecond: (times.length * 1_000) / took, times };
}
