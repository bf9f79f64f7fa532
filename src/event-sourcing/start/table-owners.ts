import type { DataSource } from 'typeorm';
import { liveName } from '../projections/live-name';
import { Projection } from '../projections/projection';
import { tablesOf } from '../projections/tables-of';
import { TableOwnerError } from './errors';
import { annals, sql } from '../schema/sql';
import { query, schemaOf } from '../schema/query';

const findOwner = sql`SELECT projection FROM ${annals}.read_model_tables WHERE table_name = $1`;

const findCheckpoint = sql`SELECT FROM ${annals}.subscriptions WHERE name = $1 LIMIT 1`;

const record = sql`
  INSERT INTO ${annals}.read_model_tables (table_name, projection) VALUES ($1, $2) ON CONFLICT (table_name) DO NOTHING`;

/**
 * Keeps in the database which projection writes a table, so that neither a projector under a new name nor another program counts
 * the events of the log a second time upon the rows that are there.
 * @throws TableOwnerError for the table of another projection, and for rows that were made by nobody knows whom
 */
export async function checkOwner(dataSource: DataSource, projection: Projection): Promise<void> {
  const rename = `${schemaOf(dataSource).name}.rename_projection`;
  for (const table of tablesOf(dataSource, projection)) {
    const name = await liveName(dataSource.manager, table);
    const owner = await ownerOf(dataSource, name);
    if (owner === projection.name) continue;
    if (owner !== undefined)
      throw new TableOwnerError(belongsToAnother(name, owner, projection.name, rename));
    if (await hasUnknownRows(dataSource, projection.name, name)) {
      throw new TableOwnerError(rowsOfNobody(name, projection.name, rename));
    }
    await query(dataSource, record, [name, projection.name]);
  }
}

async function ownerOf(dataSource: DataSource, table: string): Promise<string | undefined> {
  const [row] = await query<{ projection: string }[]>(dataSource, findOwner, [table]);
  return row?.projection;
}

/** Rows although the projection has handled nothing: an earlier program made them under another name. */
async function hasUnknownRows(dataSource: DataSource, projection: string, table: string): Promise<boolean> {
  const checkpoints = await query<unknown[]>(dataSource, findCheckpoint, [projection]);
  if (checkpoints.length > 0) return false;
  const rows = await dataSource.query<unknown[]>(`SELECT FROM ${table} LIMIT 1`);
  return rows.length > 0;
}

function belongsToAnother(table: string, owner: string, projection: string, rename: string): string {
  return (
    `Table ${table} holds the rows of projection "${owner}", and projector "${projection}" would count every event again upon them. ` +
    `If the projector was renamed, rename its checkpoint, as the owner of the log: SELECT ${rename}('${owner}', '${projection}'). ` +
    'If not, give it a table of its own.'
  );
}

function rowsOfNobody(table: string, projection: string, rename: string): string {
  return (
    `Table ${table} has rows already, and projection "${projection}" has no checkpoint, so it would count every event again upon them. ` +
    `If the projector was renamed, rename its checkpoint, as the owner of the log: SELECT ${rename}('<old name>', '${projection}'). ` +
    `If not, empty the table: TRUNCATE ${table}.`
  );
}
