import type { INestApplicationContext } from '@nestjs/common';
import type { EventSourcingOptions } from '../event-sourcing.options';
import { OPTIONS } from '../injection-tokens';
import { migrateEventSourcing } from '../schema/migrate-event-sourcing';

/**
 * Migrates the log of an application that was started by `startFor('migration', …)`, where its own options say that the log is. A
 * store of its own has no tables of the kernel, and nothing is done.
 */
export async function migrateApplication(application: INestApplicationContext): Promise<readonly string[]> {
  const { store, schema } = application.get<EventSourcingOptions>(OPTIONS, { strict: false });
  if (typeof store !== 'object' || !('connection' in store)) return [];
  return migrateEventSourcing({ connection: store.connection, schema });
}
