import { once } from 'node:events';
import autocannon from 'autocannon';
import { Server } from './servers';

/** What to send: made anew for each request. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
}

export interface LoadResult {
  /** Requests that were answered, with 2xx, which is what all must be. */
  readonly answered: number;
  readonly perSecond: number;
  /**
   * Milliseconds, without the first answer of each connection: that one waited for its connection, too. Node accepts one in
   * each turn of its event loop, so that the last of 128 can be as late as the load is long.
   */
  readonly times: readonly number[];
}

/** Keeps every connection busy with one request after the other. */
export async function load(
  { name, url, headers }: Server,
  next: () => HttpRequest,
  { connections, ms }: { readonly connections: number; readonly ms: number },
): Promise<LoadResult> {
  const times: number[] = [];
  const accepted = new Set<unknown>();
  let answered = 0;
  const all = { ...headers, 'content-type': 'application/json' };
  const running = autocannon(
    {
      url,
      connections,
      duration: ms / 1_000,
      requests: [{ setupRequest: (request) => ({ ...request, headers: all, ...next() }) }],
    },
    () => undefined,
  );
  running.on('response', (client, _status, _bytes, time) => {
    answered++;
    if (accepted.has(client)) times.push(time);
    accepted.add(client);
  });
  const started = performance.now();
  const [result] = (await once(running, 'done')) as [autocannon.Result];
  const took = performance.now() - started;
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${name}: ${result.non2xx} refusals and ${result.errors} errors under load.`);
  return { answered, perSecond: (answered * 1_000) / took, times };
}
