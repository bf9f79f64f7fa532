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
  readonly perSecond: number;
  /** Of each request that was answered, with 2xx, which is what all must be: milliseconds. */
  readonly times: readonly number[];
}

/** Keeps every connection busy with one request after the other. */
export async function load(
  { name, url, headers }: Server,
  next: () => HttpRequest,
  { connections, ms }: { readonly connections: number; readonly ms: number },
): Promise<LoadResult> {
  const times: number[] = [];
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
  running.on('response', (_client, _status, _bytes, time) => times.push(time));
  const started = performance.now();
  const [result] = (await once(running, 'done')) as [autocannon.Result];
  const took = performance.now() - started;
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${name}: ${result.non2xx} refusals and ${result.errors} errors under load.`);
  return { perSecond: (times.length * 1_000) / took, times };
}
