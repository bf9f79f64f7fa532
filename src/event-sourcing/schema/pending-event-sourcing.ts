import { KernelSchema } from './kernel-schema';
import { readSchemaFiles, SchemaFiles } from './schema-files';
import { pendingFiles, RunSql } from './schema-record';

let known: SchemaFiles | undefined;

/**
 * Names of the files of SQL that `migrateEventSourcing` would run, on any connection to the database. Reads the files once.
 * @throws SchemaNameError, SchemaFileChangedError
 */
export async function pendingEventSourcing(run: RunSql, schema?: string): Promise<readonly string[]> {
  known ??= readSchemaFiles();
  const { versioned, functions } = await pendingFiles(run, new KernelSchema(schema), known);
  return [...versioned, ...functions].map(({ name }) => name);
}
