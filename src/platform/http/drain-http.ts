import { once } from 'node:events';
import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Draining } from './draining';

/** How long a connection may be idle, in milliseconds, before it is taken for unused: at most this, at most the grace. */
const longestIdleMs = 1_000;
const pollMs = 20;

/**
 * Takes the process out of service without dropping a request: says on /health/ready that it stops, serves on for
 * `graceMs`, takes no more connections, answers on those that are open and ends each with its answer, and resolves when
 * none is left.
 */
export async function drainHttp(application: NestExpressApplication, graceMs: number): Promise<void> {
  const draining = application.get(Draining);
  draining.announce();
  await delay(graceMs);
  const server: Server = application.getHttpServer();
  const closed = once(server, 'close').then(() => true);
  await stopListening(server);
  // Not before: a client whose connection ends opens another one, and that must be refused, not lost.
  draining.endConnections();
  const isClosed = () => Promise.race([closed, delay(pollMs, false)]);
  const idleUntil = Date.now() + Math.min(graceMs, longestIdleMs);
  while (!(await isClosed())) {
    if (Date.now() < idleUntil) continue;
    if (draining.requestsUnderWay === 0) server.closeAllConnections();
    else server.closeIdleConnections();
  }
}

/**
 * `http.Server.close()` also ends the idle connections, and with them requests that are on their way; the `close()` that
 * it inherits does not. It comes right after a short turn of the event loop, in which every connection was accepted that
 * waited: the kernel resets those that nobody has accepted.
 */
async function stopListening(server: Server): Promise<void> {
  for (let turns = 0; turns < 100; turns++) {
    const start = performance.now();
    await nextTurn();
    if (performance.now() - start < 0.2) break;
  }
  NetServer.prototype.close.call(server);
}
