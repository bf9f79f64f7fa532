import type { Contestant } from './contestants';
import { load, LoadResult } from './load';
import { readOwnWrites } from './read-own-write';
import { createUser, readsOf, usersToRead } from './requests';

/** What is asked of each contestant for a time. */
export interface Workload {
  readonly name: string;
  readonly isRead: boolean;
  /** Whether the route that does nothing takes part. */
  readonly hasNoOp: boolean;
  /** Gets ready for the first round; gives what runs one. */
  prepare(contestant: Contestant): Promise<(ms: number) => Promise<LoadResult>>;
}

/** Reads first: what is created makes the tables grow. */
export const workloads: readonly Workload[] = [...[32, 128].map(get), ...[1, 32, 128].map(post), readOwn()];

function get(connections: number): Workload {
  return {
    name: `GET ${connections}`,
    isRead: true,
    hasNoOp: true,
    prepare: async ({ server, stored }) => {
      const ids = stored === undefined ? ['0190f0a0-0000-7000-8000-000000000000'] : await usersToRead(server);
      const next = readsOf(ids);
      return (ms) => load(server, next, { connections, ms });
    },
  };
}

function post(connections: number): Workload {
  return {
    name: `POST ${connections}`,
    isRead: false,
    hasNoOp: true,
    prepare: ({ server }) => Promise.resolve((ms) => load(server, createUser, { connections, ms })),
  };
}

function readOwn(): Workload {
  return {
    name: 'read own write',
    isRead: false,
    hasNoOp: false,
    prepare: ({ server }) => Promise.resolve((ms) => readOwnWrites(server, ms)),
  };
}
