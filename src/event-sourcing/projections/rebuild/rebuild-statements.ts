import { annals, old, sql } from '../../schema/sql';

export const insertRebuild = sql`
  INSERT INTO ${annals}.rebuilds (projection, version, segments, table_names, is_held, actor)
  VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (projection) DO NOTHING RETURNING projection`;

export const selectRebuilds = sql`
  SELECT projection, version, segments, is_held AS "isHeld", started_at AS "startedAt" FROM ${annals}.rebuilds ORDER BY projection`;

export const holdRebuild = sql`UPDATE ${annals}.rebuilds SET is_held = $2 WHERE projection = $1 RETURNING projection`;

export const noteTrouble = sql`
  UPDATE ${annals}.rebuilds SET trouble = $2 WHERE projection = $1 AND trouble IS DISTINCT FROM $2`;

export const findOverlap = sql`
  SELECT projection, (SELECT t FROM unnest(table_names) AS t WHERE t = ANY ($2) LIMIT 1) AS "table"
  FROM ${annals}.rebuilds WHERE projection <> $1 AND table_names && $2::text[] LIMIT 1`;

export const deleteRebuild = sql`DELETE FROM ${annals}.rebuilds WHERE projection = $1 RETURNING table_names`;

/** Whether one of the tables $1 is kept from before a rebuild. */
export const findOld = sql`
  SELECT bool_or(to_regclass(format('${old}.%I', t)) IS NOT NULL) AS kept FROM unnest($1::text[]) AS t`;

export const findOutdated = sql`
  SELECT FROM ${annals}.subscriptions WHERE name = $1 AND (version < $2 OR (version = $2 AND segments <> $3)) LIMIT 1`;
