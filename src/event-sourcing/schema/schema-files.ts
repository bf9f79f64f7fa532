import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file of SQL in this folder. */
export interface SchemaFile {
  /** Below this folder: `001-tables.sql`, `functions/append_events.sql`. */
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

export interface SchemaFiles {
  /** Run once, in the order of their names. */
  readonly versioned: readonly SchemaFile[];
  /** Run after those, again for each new text. */
  readonly functions: readonly SchemaFile[];
}

/** The SQL of this version of the kernel. */
export function readSchemaFiles(folder = __dirname): SchemaFiles {
  return { versioned: filesIn(folder, ''), functions: filesIn(folder, 'functions/') };
}

function filesIn(folder: string, below: string): SchemaFile[] {
  return readdirSync(join(folder, below))
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => readSchemaFile(folder, below + file));
}

/** A checkout may have given the lines other ends. */
function readSchemaFile(folder: string, name: string): SchemaFile {
  const text = readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n');
  return { name, text, checksum: createHash('sha256').update(text).digest('hex') };
}
