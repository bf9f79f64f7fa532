import { ClientBase, ClientConfig } from 'pg';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { quoted } from '../postgres/identifiers';
import { KernelSchema } from './kernel-schema';
import { readSchemaFiles, SchemaFile, SchemaFiles } from './schema-files';
import { createRecord, PendingFiles, pendingFiles, recordFile, RunSql } from './schema-record';
import { annals } from './sql';
import { withClient } from './with-client';

export interface MigrateEventSourcingOptions {
  /**
   * How to connect, as the role that shall own the log. Or what is connected already: a data source of TypeORM, or a pool or a client
   * of `pg`, which must be in no transaction.
   */
  readonly connection: ClientConfig | ClientBase | Pool | DataSource;
  /** The Postgres schema of the kernel. Default: `annals`. */
  readonly schema?: string;
}

/**
 * Sent in one message, so that the server's limit for idle transactions cannot end this one between the two. A migration takes as long
 * as it takes, and so does the wait for another process that migrates. Older servers know fewer limits.
 */
const begin = `
  BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
  SELECT set_config(name, '0', true)
  FROM unnest('{statement_timeout,lock_timeout,idle_in_transaction_session_timeout,transaction_timeout}'::text[]) AS l(name)
  WHERE current_setting(name, true) IS NOT NULL`;

const lock = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))';

const findMissingSchemas = `
  SELECT name FROM unnest($1::text[]) AS s(name) WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = s.name)`;

/**
 * Makes the tables and functions of the kernel, or brings them up to this version, and resolves with the names of the files that
 * were run. Everything is in the one schema, and in one transaction. Several processes may start at once: one migrates, the others
 * wait for it and find nothing to do. The lock belongs to the transaction, so it works behind poolers and dies with it.
 * @throws SchemaNameError, SchemaFileChangedError
 */
export async function migrateEventSourcing(
  { connection, schema }: MigrateEventSourcingOptions,
  files: SchemaFiles = readSchemaFiles(),
): Promise<readonly string[]> {
  const kernel = new KernelSchema(schema);
  return withClient(connection, async (client) => {
    const run: RunSql = async <R>(text: string, values?: unknown[]) =>
      (await client.query(text, values)).rows as R[];
    await run(begin);
    try {
      await run(lock, [`annals migrates ${kernel.name}`]);
      const done = await runPending(run, kernel, await pendingFiles(run, kernel, files));
      await run('COMMIT');
      return done;
    } catch (error) {
      await run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  });
}

async function runPending(
  run: RunSql,
  schema: KernelSchema,
  pending: PendingFiles,
): Promise<readonly string[]> {
  const files = [...pending.versioned, ...pending.functions];
  if (files.length === 0) return [];
  await makeSchemas(run, schema);
  // First of all, so that functions are created with it: SET search_path FROM CURRENT.
  await run(`SET LOCAL search_path = ${annals(schema)}, pg_temp`);
  if (pending.isNew) await run(createRecord(schema));
  for (const file of pending.versioned) await runFile(run, schema, file);
  // Functions name each other, in whatever order they are made.
  await run('SET LOCAL check_function_bodies = off');
  for (const file of pending.functions) await runFile(run, schema, file);
  return files.map(({ name }) => name);
}

/** A role that may create none in the database can use those that were made for it. */
async function makeSchemas(run: RunSql, schema: KernelSchema): Promise<void> {
  const names = [schema.name, schema.shadowName, schema.oldName];
  const missing = await run<{ name: string }>(findMissingSchemas, [names]);
  for (const { name } of missing) await run(`CREATE SCHEMA ${quoted(name)}`);
}

async function runFile(
  run: RunSql,
  schema: KernelSchema,
  { name, text, checksum }: SchemaFile,
): Promise<void> {
  await run(text);
  await run(recordFile(schema), [name, checksum]);
}
