import type { DataSource } from 'typeorm';
import { DatabaseNotMigratedError, RightsMissingError } from './errors';
import { kernelFunctions, kernelTables } from './kernel-tables';

const findMissingTables = `
  SELECT name FROM unnest($1::text[]) WITH ORDINALITY AS t (name, nth) WHERE to_regclass(quote_ident(name)) IS NULL ORDER BY nth`;

/** Column by column is enough but for DELETE. A function may be there in several forms. */
const findMissingRights = `
  SELECT privilege || ' ON ' || name AS "right", current_user AS role FROM (
    SELECT nth, name, privilege, CASE privilege
      WHEN 'DELETE' THEN has_table_privilege(quote_ident(name)::regclass, privilege)
      ELSE has_any_column_privilege(quote_ident(name)::regclass, privilege) END AS is_granted
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (name, privilege, nth)
    UNION ALL
    SELECT 1000, 'FUNCTION ' || proname, 'EXECUTE', bool_and(has_function_privilege(oid, 'EXECUTE'))
    FROM pg_proc WHERE proname = ANY ($3) AND pg_function_is_visible(oid) GROUP BY proname
  ) AS r WHERE NOT is_granted ORDER BY nth, name`;

/** @throws DatabaseNotMigratedError for tables of the kernel that are not there: migrations are pending. */
export async function checkKernelTables(dataSource: DataSource): Promise<void> {
  const rows = await dataSource.query<{ name: string }[]>(findMissingTables, [Object.keys(kernelTables)]);
  if (rows.length === 0) return;
  const names = rows.map(({ name }) => name).join(', ');
  throw new DatabaseNotMigratedError(
    `The database lacks tables of the log (${names}): migrations are pending. Call migrateEventSourcing as the owner of the log.`,
  );
}

/** @throws RightsMissingError for rights on tables and functions of the kernel that the role of this process lacks. */
export async function checkKernelRights(dataSource: DataSource): Promise<void> {
  await checkRights(dataSource, kernelTables, kernelFunctions);
}

/** @throws RightsMissingError naming the grants that are missing. */
export async function checkRights(
  dataSource: DataSource,
  tables: Readonly<Record<string, readonly string[]>>,
  functions: readonly string[] = [],
): Promise<void> {
  const wanted = Object.entries(tables).flatMap(([name, rights]) => rights.map((right) => [name, right]));
  const values = [wanted.map(([name]) => name), wanted.map(([, right]) => right), functions];
  const rows = await dataSource.query<{ right: string; role: string }[]>(findMissingRights, values);
  const [first] = rows;
  if (!first) return;
  const grants = rows.map(({ right }) => `GRANT ${right} TO ${first.role}`).join('; ');
  throw new RightsMissingError(
    `The role "${first.role}" of this process lacks rights that it needs. As the owner, run: ${grants}.`,
  );
}
