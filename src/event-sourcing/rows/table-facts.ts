import type { EntityManager } from 'typeorm';
import { schemaOf } from '../schema/query';
import { quoted } from '../postgres/identifiers';
import { TableMissingError } from './errors';

/** A column as the database has it. */
export interface ColumnFacts {
  readonly name: string;
  /** The name of the type in pg_type; empty for a domain, which may check and compare in its own way. */
  readonly type: string;
  readonly oid: number;
  readonly isEnum: boolean;
  /** The length, precision or scale, as the type writes it; -1 for none. */
  readonly typmod: number;
  /** The type as SQL writes it, with its length and its collation. */
  readonly declared: string;
  /** json or jsonb, also behind a domain. */
  readonly json: 'json' | 'jsonb' | null;
  /** Whether texts that differ are never equal. */
  readonly isDeterministic: boolean;
}

/** What the database says about a table that rows are written to. */
export interface TableFacts {
  readonly columns: ReadonlyMap<string, ColumnFacts>;
  /** Whether a value besides the key must be unique. */
  readonly hasUniques: boolean;
  /** The tables that its rows must find at the end of each statement. */
  readonly references: readonly string[];
}

const read = `
  WITH RECURSIVE wanted AS (SELECT to_regclass($1) AS oid),
  types AS (
    SELECT a.attnum, t.typtype, t.typname, t.typbasetype
    FROM pg_attribute a JOIN wanted w ON w.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT d.attnum, t.typtype, t.typname, t.typbasetype
    FROM types d JOIN pg_type t ON t.oid = d.typbasetype WHERE d.typtype = 'd'
  )
  SELECT
    (SELECT c.relpersistence = 't' OR n.nspname = $2
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = w.oid) AS "isPassing",
    (SELECT json_agg(json_build_object(
       'name', a.attname,
       'type', CASE WHEN t.typtype = 'd' THEN '' ELSE t.typname END,
       'oid', t.oid::int8,
       'isEnum', t.typtype = 'e',
       'typmod', a.atttypmod,
       'declared', format_type(a.atttypid, a.atttypmod)
         || CASE WHEN a.attcollation NOT IN (0, t.typcollation)
            THEN (SELECT format(' COLLATE %I.%I', n.nspname, o.collname) FROM pg_namespace n WHERE n.oid = o.collnamespace)
            ELSE '' END,
       'json', (SELECT b.typname FROM types b WHERE b.attnum = a.attnum AND b.typname IN ('json', 'jsonb')),
       'isDeterministic', coalesce(o.collisdeterministic, true)))
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_collation o ON o.oid = a.attcollation
     WHERE a.attrelid = w.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
    EXISTS (SELECT FROM pg_index i WHERE i.indrelid = w.oid AND NOT i.indisprimary
            AND (i.indisunique OR i.indisexclusion)) AS "hasUniques",
    ARRAY(SELECT r.relname::text FROM pg_constraint f JOIN pg_class r ON r.oid = f.confrelid
          WHERE f.conrelid = w.oid AND f.contype = 'f' AND NOT f.condeferred) AS references
  FROM wanted w`;

interface Found extends Omit<TableFacts, 'columns'> {
  readonly isPassing: boolean;
  readonly columns: readonly ColumnFacts[] | null;
}

const kept = new WeakMap<object, Map<string, TableFacts>>();

/** What was asked about the table before. */
export function knownFacts({ connection }: EntityManager, table: string): TableFacts | undefined {
  return kept.get(connection)?.get(table);
}

/**
 * Asks the database about the table, once in the life of the process; again where a copy of the table stands before it, which
 * refers to no other. @throws TableMissingError when there is none.
 */
export async function tableFacts(manager: EntityManager, table: string): Promise<TableFacts> {
  const known = knownFacts(manager, table);
  if (known) return known;
  const [found] = await ask(manager, table);
  if (!found?.columns) throw new TableMissingError(`no table "${table}"`);
  const { columns, hasUniques, references } = found;
  const facts = { columns: new Map(columns.map((column) => [column.name, column])), hasUniques, references };
  if (!found.isPassing) keep(manager, table, facts);
  return facts;
}

function keep({ connection }: EntityManager, table: string, facts: TableFacts): void {
  const ofSource = kept.get(connection) ?? new Map<string, TableFacts>();
  kept.set(connection, ofSource.set(table, facts));
}

function ask(manager: EntityManager, table: string): Promise<readonly Found[]> {
  const values = [quoted(table), schemaOf(manager).shadowName];
  const { queryRunner } = manager;
  return queryRunner ? queryRunner.query(read, values) : manager.query(read, values);
}
