import { SchemaFileChangedError } from './errors';
import type { KernelSchema } from './kernel-schema';
import type { SchemaFile, SchemaFiles } from './schema-files';
import { annals, sql } from './sql';

/** Runs SQL on one connection, and gives the rows. */
export type RunSql = <R>(text: string, values?: unknown[]) => Promise<readonly R[]>;

export const createRecord = sql`
  CREATE TABLE ${annals}.schema_files (
    file text COLLATE "C" NOT NULL,
    checksum text COLLATE "C" NOT NULL,
    ran_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT schema_files_file PRIMARY KEY (file, checksum));
  COMMENT ON TABLE ${annals}.schema_files IS 'The files of SQL that made this schema, in every text that was run.'`;

export const recordFile = sql`INSERT INTO ${annals}.schema_files (file, checksum) VALUES ($1, $2)`;

const findRecord = `
  SELECT EXISTS (
    SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = 'schema_files') AS found`;

const readRecord = sql`SELECT file, checksum FROM ${annals}.schema_files`;

/** What is still to be run of the files. */
export interface PendingFiles extends SchemaFiles {
  /** Whether nothing was ever run. */
  readonly isNew: boolean;
}

/**
 * A function that was run with this text before is not run again: a program of an earlier version, which starts while a newer one
 * runs, must not put its own text back.
 * @throws SchemaFileChangedError
 */
export async function pendingFiles(
  run: RunSql,
  schema: KernelSchema,
  files: SchemaFiles,
): Promise<PendingFiles> {
  const [record] = await run<{ found: boolean }>(findRecord, [schema.name]);
  if (!record?.found) return { ...files, isNew: true };
  const ran = new Map<string, Set<string>>();
  for (const { file, checksum } of await run<{ file: string; checksum: string }>(readRecord(schema)))
    ran.set(file, (ran.get(file) ?? new Set()).add(checksum));
  return {
    isNew: false,
    versioned: files.versioned.filter((file) => !wasRun(file, ran.get(file.name), schema)),
    functions: files.functions.filter(({ name, checksum }) => !ran.get(name)?.has(checksum)),
  };
}

function wasRun(file: SchemaFile, texts: ReadonlySet<string> | undefined, { name }: KernelSchema): boolean {
  if (texts && !texts.has(file.checksum)) throw new SchemaFileChangedError(file.name, name);
  return texts !== undefined;
}
