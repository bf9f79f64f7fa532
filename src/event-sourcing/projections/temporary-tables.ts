import type { EntityManager } from 'typeorm';
import { liveName } from './live-name';
import { quoted } from '../postgres/identifiers';

/** Temporary tables come first in the search path, so an unqualified name means them until the transaction ends. */
export async function hideBehindTemporary(manager: EntityManager, table: string): Promise<void> {
  const live = await liveName(manager, table);
  await manager.query(
    `CREATE TEMPORARY TABLE ${quoted(table)} (LIKE ${live} INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING INDEXES) ON COMMIT DROP`,
  );
}
