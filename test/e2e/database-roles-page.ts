import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const page = readFileSync(join(__dirname, '../../docs/how-to/separate-database-roles.md'), 'utf8');

/** The SQL of docs/how-to/separate-database-roles.md, as it stands there: one list of statements for each block. */
export const sqlOfPage: readonly (readonly string[])[] = [...page.matchAll(/```sql\n([^]*?)```/g)].map(
  ([, block = '']) =>
    block
      .split(/;\n/)
      .map((statement) => statement.trim())
      .filter((statement) => statement !== ''),
);

/** The names in the page's grants that come after `ON` or `ALTER TABLE`. */
export function tablesOfPage(): ReadonlySet<string> {
  const statements = sqlOfPage.flat();
  const granted = statements.flatMap(
    (statement) => /^GRANT .* ON (?!SCHEMA|FUNCTION|DATABASE)(.*) TO/.exec(statement)?.[1]?.split(', ') ?? [],
  );
  const owned = statements.flatMap(
    (statement) => /^ALTER TABLE ([\w.]+) OWNER TO/.exec(statement)?.[1] ?? [],
  );
  return new Set([...granted, ...owned]);
}
