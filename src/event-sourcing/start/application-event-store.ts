import type { ModuleRef } from '@nestjs/core';
import { EventSourcingOptions } from '../event-sourcing.options';
import { EventStore } from '../event-store/event-store';
import { InMemoryEventStore } from '../event-store/in-memory-event-store';
import { PostgresEventStore, PostgresEventStoreOptions } from '../event-store/postgres/postgres-event-store';
import { AppendSignal } from '../event-store/progress-signal';
import { KernelSchema } from '../schema/kernel-schema';
import { EventRegistrationError } from '../event-store/registry-errors';

/**
 * The store that the options name. Nest makes one that is given as a class, with its dependencies.
 * @throws EventRegistrationError for anything else
 */
export async function applicationEventStore(
  { store, schema }: EventSourcingOptions,
  signal: AppendSignal,
  modules: ModuleRef,
): Promise<EventStore> {
  if (store === 'in-memory') return new InMemoryEventStore(signal);
  const made: unknown = typeof store === 'function' ? await modules.create(store) : store;
  if (made instanceof EventStore) return made;
  if (isPostgresOptions(made)) return new PostgresEventStore(made, signal, new KernelSchema(schema));
  throw new EventRegistrationError(
    "The option `store` names no event store. Give 'in-memory', { connection: { connectionString } } for Postgres, or an instance or " +
      'a class of your own that extends EventStore.',
  );
}

function isPostgresOptions(store: unknown): store is PostgresEventStoreOptions {
  return typeof store === 'object' && store !== null && 'connection' in store;
}
