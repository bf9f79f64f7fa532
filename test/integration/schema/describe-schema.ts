import { Client } from 'pg';
import { quoted } from '../../../src/event-sourcing/postgres/identifiers';

const relations = `
  SELECT c.oid, c.relname AS name, c.relkind AS kind, array_to_string(c.reloptions, ', ') AS options,
    obj_description(c.oid, 'pg_class') AS comment, pg_get_viewdef(c.oid) AS view
  FROM pg_class AS c WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'v') ORDER BY c.relname`;

const columns = `
  SELECT concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
      CASE WHEN a.attcollation <> t.typcollation THEN 'COLLATE ' || (SELECT quote_ident(collname) FROM pg_collation WHERE oid = a.attcollation) END,
      CASE WHEN a.attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)) AS line,
    a.attname AS name, col_description(a.attrelid, a.attnum) AS comment
  FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;

const parts = `
  SELECT format('CONSTRAINT %s %s', conname, pg_get_constraintdef(oid)) AS line FROM pg_constraint WHERE conrelid = $1 AND contype <> 'n'
  UNION ALL
  SELECT pg_get_indexdef(indexrelid) FROM pg_index AS i WHERE indrelid = $1
    AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid)
  UNION ALL
  SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = $1 AND NOT tgisinternal
  ORDER BY line`;

const functions = `
  SELECT pg_get_functiondef(oid) AS definition, COALESCE(array_to_string(ARRAY(SELECT a.privilege_type || ' TO ' || CASE a.grantee
      WHEN 0 THEN 'PUBLIC' WHEN proowner THEN 'the owner' ELSE a.grantee::regrole::text END
    FROM aclexplode(COALESCE(proacl, acldefault('f', proowner))) AS a ORDER BY 1), ', '), '') AS rights
  FROM pg_proc WHERE pronamespace = $1::regnamespace ORDER BY proname, oid::regprocedure::text`;

interface Relation {
  readonly oid: string;
  readonly name: string;
  readonly kind: 'r' | 'v';
  readonly options: string | null;
  readonly comment: string | null;
  readonly view: string | null;
}

/** Everything of a schema that Postgres knows, sorted, as SQL that people can read. It names the schema `annals`. */
export async function describeSchema(url: string, schema = 'annals'): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    // Names outside the search path are written with their schema.
    await client.query('SET search_path = pg_catalog');
    const ask = async <R>(text: string, value: string): Promise<R[]> =>
      (await client.query(text, [value])).rows as R[];
    const described = [`CREATE SCHEMA ${schema};`];
    for (const relation of await ask<Relation>(relations, quoted(schema)))
      described.push(await describeRelation(relation, schema, ask));
    for (const { definition, rights } of await ask<{ definition: string; rights: string }>(
      functions,
      quoted(schema),
    ))
      described.push(`${definition.trim()};\n-- ${rights}`);
    return `${described.join('\n\n')}\n`.replaceAll(new RegExp(`\\b${schema}\\b`, 'g'), 'annals');
  } finally {
    await client.end();
  }
}

async function describeRelation(
  { oid, name, kind, options, comment, view }: Relation,
  schema: string,
  ask: <R>(text: string, value: string) => Promise<R[]>,
): Promise<string> {
  const path = `${schema}.${name}`;
  const comments =
    comment === null ? [] : [`COMMENT ON ${kind === 'r' ? 'TABLE' : 'VIEW'} ${path} IS '${comment}';`];
  if (kind === 'v') return [`CREATE VIEW ${path} AS\n${view}`, ...comments].join('\n');
  const found = await ask<{ line: string; name: string; comment: string | null }>(columns, oid);
  const lines = found.map(({ line }) => `  ${line}`).join(',\n');
  for (const column of found)
    if (column.comment !== null)
      comments.push(`COMMENT ON COLUMN ${path}.${column.name} IS '${column.comment}';`);
  const rest = (await ask<{ line: string }>(parts, oid)).map(({ line }) =>
    line.startsWith('CONSTRAINT') ? `ALTER TABLE ${path} ADD ${line};` : `${line};`,
  );
  const head = `CREATE TABLE ${path} (\n${lines}\n)${options === null ? '' : ` WITH (${options})`};`;
  return [head, ...rest, ...comments].join('\n');
}
