export const insertRebuild = `
  INSERT INTO rebuilds (projection, version, segments, table_names, is_held, actor)
  VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (projection) DO NOTHING RETURNING projection`;

export const selectRebuilds = `
  SELECT projection, version, segments, is_held AS "isHeld", started_at AS "startedAt" FROM rebuilds ORDER BY projection`;

export const holdRebuild = 'UPDATE rebuilds SET is_held = $2 WHERE projection = $1 RETURNING projection';

export const noteTrouble = `
  UPDATE rebuilds SET trouble = $2 WHERE projection = $1 AND trouble IS DISTINCT FROM $2`;

export const findOverlap = `
  SELECT projection, (SELECT t FROM unnest(table_names) AS t WHERE t = ANY ($2) LIMIT 1) AS "table"
  FROM rebuilds WHERE projection <> $1 AND table_names && $2::text[] LIMIT 1`;

export const deleteRebuild = 'DELETE FROM rebuilds WHERE projection = $1 RETURNING table_names';

export const findOutdated = `
  SELECT FROM subscriptions WHERE name = $1 AND (version < $2 OR (version = $2 AND segments <> $3)) LIMIT 1`;
