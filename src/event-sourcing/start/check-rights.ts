import type { DataSource } from 'typeorm';
import { schemaOf } from '../schema/query';
import { DatabaseNotMigratedError, DatabaseNotReadyError, RightsMissingError } from './errors';
import { kernelFunctions, kernelTables } from './kernel-tables';

/** $1 the schema of the kernel. No row where it does not exist. */
const findSchema = `
  SELECT has_schema_privilege(oid, 'USAGE') AS "isUsable", current_schema() = nspname AS "isFirst", current_user AS role
  FROM pg_namespace WHERE nspname = $1`;

/** $1 the schema of the kernel, $2 names of tables. */
const findMissingTables = `
  SELECT name FROM unnest($2::text[]) WITH ORDINALITY AS t (name, nth)
  WHERE to_regclass(format('%I.%I', $1::text, name)) IS NULL ORDER BY nth`;

/**
 * $1 the schema of tables and functions, or null for tables of the search path; $2 tables and $3 the right on each; $4 functions. Column
 * by column is enough but for DELETE.
 */
const findMissingRights = `
  SELECT privilege || ' ON ' || name AS "right", current_user AS role FROM (
    SELECT nth, name, privilege, CASE privilege
      WHEN 'DELETE' THEN has_table_privilege(name, privilege)
      ELSE has_any_column_privilege(name, privilege) END AS is_granted
    FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS w (table_name, privilege, nth),
      concat_ws('.', quote_ident($1), quote_ident(table_name)) AS name
    UNION ALL
    SELECT 1000, format('FUNCTION %I.%I', $1::text, proname), 'EXECUTE', has_function_privilege(p.oid, 'EXECUTE')
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname = $1 AND p.proname = ANY ($4)
  ) AS r WHERE NOT is_granted ORDER BY nth, name`;

interface SchemaRow {
  readonly isUsable: boolean;
  readonly isFirst: boolean;
  readonly role: string;
}

/** Rights that a role needs, by table. */
type TableRights = Readonly<Record<string, readonly string[]>>;

/**
 * @throws DatabaseNotMigratedError where the schema of the kernel does not exist
 * @throws RightsMissingError where the role of this process may not look into it
 * @throws DatabaseNotReadyError where the application's own tables would be in it
 */
export async function checkKernelSchema(dataSource: DataSource): Promise<void> {
  const { name } = schemaOf(dataSource);
  const [found] = await dataSource.query<SchemaRow[]>(findSchema, [name]);
  if (!found) throw notMigrated(name, `there is no schema "${name}"`);
  if (!found.isUsable) throw rightsMissing(found.role, [`USAGE ON SCHEMA ${name}`]);
  if (found.isFirst) throw new DatabaseNotReadyError(inTheWay(name, found.role));
}

/** @throws DatabaseNotMigratedError for tables of the kernel that do not exist */
export async function checkKernelTables(dataSource: DataSource): Promise<void> {
  const { name: schema } = schemaOf(dataSource);
  const values = [schema, Object.keys(kernelTables)];
  const rows = await dataSource.query<{ name: string }[]>(findMissingTables, values);
  if (rows.length === 0) return;
  throw notMigrated(schema, `it lacks ${rows.map(({ name }) => `${schema}.${name}`).join(', ')}`);
}

/** @throws RightsMissingError for rights on tables and functions of the kernel that the role of this process lacks. */
export async function checkKernelRights(dataSource: DataSource): Promise<void> {
  await checkRights(dataSource, {
    schema: schemaOf(dataSource).name,
    tables: kernelTables,
    functions: kernelFunctions,
  });
}

/** `schema`: of the tables and functions; else those of the search path. @throws RightsMissingError naming the grants that are missing. */
export async function checkRights(
  dataSource: DataSource,
  {
    schema,
    tables,
    functions = [],
  }: { readonly schema?: string; readonly tables: TableRights; readonly functions?: readonly string[] },
): Promise<void> {
  const wanted = Object.entries(tables).flatMap(([name, rights]) => rights.map((right) => [name, right]));
  const values = [schema ?? null, wanted.map(([name]) => name), wanted.map(([, right]) => right), functions];
  const rows = await dataSource.query<{ right: string; role: string }[]>(findMissingRights, values);
  const [first] = rows;
  if (first)
    throw rightsMissing(
      first.role,
      rows.map(({ right }) => right),
    );
}

/** Postgres puts a schema that has the name of the role before all others. */
function inTheWay(schema: string, role: string): string {
  return (
    `The search path of the role "${role}" begins with the schema "${schema}" of the event store, so the application's own tables would ` +
    `be made there. Run: ALTER ROLE "${role}" SET search_path = public. Or name another schema: forRoot({ schema }).`
  );
}

/** Says what an application does about it; a program with a command of its own adds that. */
export function notMigrated(schema: string, problem: string): DatabaseNotMigratedError {
  return new DatabaseNotMigratedError(
    `The database is not migrated for the event store: ${problem}. Before the application starts, call ` +
      `migrateEventSourcing({ connection, schema: '${schema}' }) as the role that owns the log.`,
  );
}

function rightsMissing(role: string, rights: readonly string[]): RightsMissingError {
  const grants = rights.map((right) => `GRANT ${right} TO ${role}`).join('; ');
  return new RightsMissingError(
    `The role "${role}" of this process lacks rights that it needs. As the owner, run: ${grants}.`,
  );
}
