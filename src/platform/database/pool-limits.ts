import type { BoundedPoolConfig } from '../../event-sourcing';
import { Environment } from '../config/environment';

/** How much longer than the server a client waits for the end of a statement, in milliseconds. */
const patience = 2_000;

/** What both pools have in common. A server that does not answer at all is given up by the clock of this process. */
export function poolLimits(environment: Environment) {
  return {
    connectionTimeoutMillis: environment.POOL_WAIT_MS,
    maxWaiting: environment.POOL_WAITING_LIMIT,
    statement_timeout: environment.STATEMENT_TIMEOUT_MS,
    query_timeout: environment.STATEMENT_TIMEOUT_MS + patience,
    targetSession: 'read-write',
  } satisfies BoundedPoolConfig;
}
