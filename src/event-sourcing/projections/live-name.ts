import type { EntityManager } from 'typeorm';
import { quoted } from '../postgres/identifiers';
import { TableMissingError } from '../rows/errors';
import { OnApplication, schemaOf } from '../schema/query';
import { shadow } from '../schema/sql';

const find = `
  SELECT format('%I.%I', s.name, $1::text) AS name
  FROM unnest(current_schemas(false)) WITH ORDINALITY AS s (name, nth)
  WHERE to_regclass(format('%I.%I', s.name, $1::text)) IS NOT NULL AND s.name <> $2
  ORDER BY s.nth LIMIT 1`;

/**
 * The table that queries read, with its schema, because a temporary or a shadow table of the same name may come first in the
 * search path. @throws TableMissingError when there is none.
 */
export async function liveName(manager: EntityManager, table: string): Promise<string> {
  const [row] = await manager.query<{ name: string }[]>(find, [table, schemaOf(manager).shadowName]);
  if (!row) throw new TableMissingError(`no table "${table}"`);
  return row.name;
}

/** The table that a rebuild of this table fills, with its schema. */
export function shadowOf(on: OnApplication, table: string): string {
  return `${shadow(schemaOf(on))}.${quoted(table)}`;
}
