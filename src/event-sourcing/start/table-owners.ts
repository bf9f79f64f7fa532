import type { DataSource } from 'typeorm';
import { liveName } from '../projections/live-name';
import { Projection } from '../projections/projection';
import { tablesOf } from '../projections/tables-of';
import { TableOwnerError } from './errors';

const findOwner = 'SELECT projection FROM read_model_tables WHERE table_name = $1';

const findCheckpoint = 'SELECT FROM subscriptions WHERE name = $1 LIMIT 1';

const record = `
  INSERT INTO read_model_tables (table_name, projection) VALUES ($1, $2) ON CONFLICT (table_name) DO NOTHING`;

/**
 * Keeps in the database which projection writes a table, so that neither a projector under a new name nor another program counts
 * the events of the log a second time upon the rows that are there.
 * @throws TableOwnerError for the table of another projection, and for rows that were made by nobody knows whom
 */
export async function checkOwner(dataSource: DataSource, projection: Projection): Promise<void> {
  for (const table of tablesOf(dataSource, projection)) {
    const name = await liveName(dataSource.manager, table);
    const owner = await ownerOf(dataSource, name);
    if (owner === projection.name) continue;
    if (owner !== undefined) throw new TableOwnerError(belongsToAnother(name, owner, projection.name));
    if (await hasUnknownRows(dataSource, projection.name, name)) {
      throw new TableOwnerError(rowsOfNobody(name, projection.name));
    }
    await dataSource.query(record, [name, projection.name]);
  }
}

async function ownerOf(dataSource: DataSource, table: string): Promise<string | undefined> {
  const [row] = await dataSource.query<{ projection: string }[]>(findOwner, [table]);
  return row?.projection;
}

/** Rows although the projection has handled nothing: an earlier program made them under another name. */
async function hasUnknownRows(dataSource: DataSource, projection: string, table: string): Promise<boolean> {
  const checkpoints = await dataSource.query<unknown[]>(findCheckpoint, [projection]);
  if (checkpoints.length > 0) return false;
  const rows = await dataSource.query<unknown[]>(`SELECT FROM ${table} LIMIT 1`);
  return rows.length > 0;
}

function belongsToAnother(table: string, owner: string, projection: string): string {
  return (
    `Table ${table} holds the rows of projection "${owner}", and projector "${projection}" would count every event again upon them. ` +
    `If the projector was renamed, rename its checkpoint, as the owner of the log: SELECT rename_projection('${owner}', '${projection}'). ` +
    'If not, give it a table of its own.'
  );
}

function rowsOfNobody(table: string, projection: string): string {
  return (
    `Table ${table} has rows already, and projection "${projection}" has no checkpoint, so it would count every event again upon them. ` +
    `If the projector was renamed, rename its checkpoint, as the owner of the log: SELECT rename_projection('<old name>', '${projection}'). ` +
    `If not, empty the table: TRUNCATE ${table}.`
  );
}
