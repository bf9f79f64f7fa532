-- What a table is, as the catalogue tells it, so that a copy of it can be compared with it instead of being trusted. Columns of the
-- catalogue that say nothing about what the table is (ids, sizes, caches) are left out by name: what a later version of Postgres adds is
-- compared without further work.
--
-- One row for each fact. "make" is the statement that gives the fact to the table of the same name in the shadow schema, "unmake" the one
-- that takes it away there; NULL where neither can be done to a table that exists. "step" is the order in which facts are made.

CREATE OR REPLACE FUNCTION table_facts(of_table regclass)
RETURNS TABLE (step integer, kind text, name text, definition text, make text, unmake text)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  WITH t AS (
    SELECT c.*, format('%I.%I', shadow_schema(), c.relname) AS target FROM pg_class AS c WHERE c.oid = of_table
  ), relation_space AS (
    SELECT c.oid, s.spcname
    FROM pg_class AS c JOIN pg_database AS d ON d.datname = current_database()
      JOIN pg_tablespace AS s ON s.oid = CASE c.reltablespace WHEN 0 THEN d.dattablespace ELSE c.reltablespace END
    WHERE c.oid = of_table OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = of_table)
  ), columns AS (
    SELECT t.target, a.*, to_jsonb(a) AS told, row_number() OVER (ORDER BY a.attnum) AS nth
    FROM t JOIN pg_attribute AS a ON a.attrelid = t.oid WHERE a.attnum > 0 AND NOT a.attisdropped
  ), indexes AS (
    SELECT t.target, c.oid, c.relname, c.reloptions, i.indisclustered, i.indisreplident, to_jsonb(i) AS told,
      format('CREATE %sINDEX %I ON ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, c.relname) AS beginning,
      substr(pg_get_indexdef(c.oid), 1 + length(format('CREATE %sINDEX %I ON %I.%I ',
        CASE WHEN i.indisunique THEN 'UNIQUE ' END, c.relname, n.nspname, t.relname))) AS rest,
      EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = c.oid AND k.conrelid = t.oid) AS of_constraint
    FROM t JOIN pg_namespace AS n ON n.oid = t.relnamespace
      JOIN pg_index AS i ON i.indrelid = t.oid JOIN pg_class AS c ON c.oid = i.indexrelid
  ), statistics AS (
    SELECT t.target, s.*, to_jsonb(s) AS told, CASE WHEN s.stxnamespace <> t.relnamespace THEN s.stxnamespace::regnamespace END AS elsewhere
    FROM t JOIN pg_statistic_ext AS s ON s.stxrelid = t.oid
  ), grants AS (
    SELECT t.target, '' AS column_name, t.relowner, a.*
    FROM t, aclexplode(COALESCE(t.relacl, acldefault('r', t.relowner))) WITH ORDINALITY AS a (grantor, grantee, privilege_type, is_grantable, nth)
    UNION ALL
    SELECT t.target, format(' (%I)', c.attname), t.relowner, a.*
    FROM t JOIN columns AS c ON true, aclexplode(c.attacl) WITH ORDINALITY AS a (grantor, grantee, privilege_type, is_grantable, nth)
  )

  SELECT 1, 'owner', '', relowner::regrole::text, format('ALTER TABLE %s OWNER TO %s', target, relowner::regrole), NULL FROM t

  UNION ALL
  SELECT 2, 'property', p.key, p.value,
    CASE p.key
      WHEN 'relrowsecurity' THEN format('ALTER TABLE %s %s ROW LEVEL SECURITY', target, CASE WHEN relrowsecurity THEN 'ENABLE' ELSE 'DISABLE' END)
      WHEN 'relforcerowsecurity' THEN format('ALTER TABLE %s %s ROW LEVEL SECURITY', target, CASE WHEN relforcerowsecurity THEN 'FORCE' ELSE 'NO FORCE' END)
    END, NULL
  FROM t, jsonb_each_text(to_jsonb(t) - ARRAY[
    'target', 'oid', 'relname', 'relnamespace', 'reltype', 'relowner', 'relfilenode', 'reltablespace', 'relpages', 'reltuples', 'relallvisible',
    'relallfrozen', 'reltoastrelid', 'relhasindex', 'relnatts', 'relchecks', 'relhasrules', 'relhastriggers', 'relhassubclass', 'relreplident',
    'relrewrite', 'relfrozenxid', 'relminmxid', 'relacl', 'reloptions']) AS p

  UNION ALL
  SELECT 2, 'tablespace', '', s.spcname, format('ALTER TABLE %s SET TABLESPACE %I', target, s.spcname), NULL
  FROM t JOIN relation_space AS s USING (oid)

  UNION ALL
  SELECT 2, 'grants on the row type', '', y.typacl::text, NULL, NULL FROM t JOIN pg_type AS y ON y.oid = t.reltype WHERE y.typacl IS NOT NULL

  UNION ALL
  SELECT 2, o.kind, '', o.options::text,
    format('ALTER TABLE %s SET (%s)', target, (
      SELECT string_agg(format('%s%I = %L', o.prefix, p.option_name, p.option_value), ', ' ORDER BY p.nth)
      FROM pg_options_to_table(o.options) WITH ORDINALITY AS p (option_name, option_value, nth))),
    format('ALTER TABLE %s RESET (%s)', target, (
      SELECT string_agg(format('%s%I', o.prefix, p.option_name), ', ') FROM pg_options_to_table(o.options) AS p))
  FROM t, LATERAL (
    VALUES ('options', '', t.reloptions), ('options of toast', 'toast.', (SELECT reloptions FROM pg_class WHERE oid = t.reltoastrelid))
  ) AS o (kind, prefix, options) WHERE o.options IS NOT NULL

  UNION ALL
  SELECT 3, 'column', c.attname, concat_ws(' ', c.nth, format_type(c.atttypid, c.atttypmod), pg_get_expr(d.adbin, d.adrelid), c.told - ARRAY[
    'attrelid', 'attname', 'attnum', 'attndims', 'attcacheoff', 'atthasmissing', 'attmissingval', 'attacl', 'attstattarget', 'attoptions']), NULL, NULL
  FROM columns AS c LEFT JOIN pg_attrdef AS d ON d.adrelid = of_table AND d.adnum = c.attnum

  UNION ALL
  SELECT 4, 'statistics target of column', attname, told ->> 'attstattarget',
    format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS %s', target, attname, attstattarget),
    format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS -1', target, attname)
  FROM columns WHERE attstattarget >= 0

  UNION ALL
  SELECT 4, 'options of column', attname, attoptions::text,
    format('ALTER TABLE %s ALTER COLUMN %I SET (%s)', target, attname, array_to_string(attoptions, ', ')),
    format('ALTER TABLE %s ALTER COLUMN %I RESET (n_distinct, n_distinct_inherited)', target, attname)
  FROM columns WHERE attoptions IS NOT NULL

  UNION ALL
  SELECT 4, 'numbers of column', c.attname, concat_ws(' ', s.relname, s.relpersistence, s.relacl, obj_description(s.oid, 'pg_class'),
    (SELECT to_jsonb(q) - 'seqrelid' FROM pg_sequence AS q WHERE q.seqrelid = s.oid)), NULL, NULL
  FROM columns AS c JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = of_table AND d.refobjsubid = c.attnum
    AND d.classid = 'pg_class'::regclass AND d.deptype = 'i' JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'

  UNION ALL
  SELECT CASE k.contype WHEN 'c' THEN 5 ELSE 6 END, 'constraint', k.conname, concat_ws(' ', pg_get_constraintdef(k.oid), to_jsonb(k) - ARRAY[
    'oid', 'conname', 'connamespace', 'conrelid', 'conindid', 'conkey', 'conbin']),
    CASE WHEN k.contype IN ('c', 'p', 'u', 'x') THEN format('ALTER TABLE %s ADD CONSTRAINT %I %s', target, k.conname, pg_get_constraintdef(k.oid)) END,
    CASE WHEN k.contype IN ('c', 'p', 'u', 'x') THEN format('ALTER TABLE %s DROP CONSTRAINT %I', target, k.conname) END
  FROM t JOIN pg_constraint AS k ON k.conrelid = t.oid WHERE k.contype <> 't'

  UNION ALL
  SELECT 6, 'trigger of constraint', k.conname, string_agg(g.tgenabled::text, '' ORDER BY g.tgname), NULL, NULL
  FROM t JOIN pg_trigger AS g ON g.tgrelid = t.oid JOIN pg_constraint AS k ON k.oid = g.tgconstraint
  WHERE g.tgisinternal AND k.conrelid = t.oid GROUP BY k.conname

  UNION ALL
  SELECT 7, 'index', relname, concat_ws(' ', rest, told - ARRAY[
    'indexrelid', 'indrelid', 'indkey', 'indexprs', 'indpred', 'indcheckxmin', 'indisclustered', 'indisreplident']),
    CASE WHEN NOT of_constraint THEN concat(beginning, target, ' ', rest) END,
    CASE WHEN NOT of_constraint THEN format('DROP INDEX %I.%I', shadow_schema(), relname) END
  FROM indexes

  UNION ALL
  SELECT 8, 'options of index', relname, reloptions::text,
    format('ALTER INDEX %I.%I SET (%s)', shadow_schema(), relname, array_to_string(reloptions, ', ')),
    format('ALTER INDEX %I.%I RESET (%s)', shadow_schema(), relname, (SELECT string_agg(quote_ident(option_name), ', ') FROM pg_options_to_table(reloptions)))
  FROM indexes WHERE of_constraint AND reloptions IS NOT NULL

  UNION ALL
  SELECT 8, 'tablespace of index', i.relname, s.spcname, format('ALTER INDEX %I.%I SET TABLESPACE %I', shadow_schema(), i.relname, s.spcname), NULL
  FROM indexes AS i JOIN relation_space AS s USING (oid)

  UNION ALL
  SELECT 8, 'statistics target of index ' || i.relname, a.attnum::text, a.attstattarget::text,
    format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS %s', shadow_schema(), i.relname, a.attnum, a.attstattarget),
    format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS -1', shadow_schema(), i.relname, a.attnum)
  FROM indexes AS i JOIN pg_attribute AS a ON a.attrelid = i.oid WHERE a.attstattarget >= 0

  UNION ALL
  SELECT 8, 'clustered index', '', relname, format('ALTER TABLE %s CLUSTER ON %I', target, relname), format('ALTER TABLE %s SET WITHOUT CLUSTER', target)
  FROM indexes WHERE indisclustered

  UNION ALL
  SELECT 8, 'replica identity', '', concat_ws(' ', t.relreplident, i.relname),
    CASE t.relreplident
      WHEN 'd' THEN format('ALTER TABLE %s REPLICA IDENTITY DEFAULT', t.target)
      WHEN 'n' THEN format('ALTER TABLE %s REPLICA IDENTITY NOTHING', t.target)
      WHEN 'f' THEN format('ALTER TABLE %s REPLICA IDENTITY FULL', t.target)
      ELSE format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', t.target, i.relname)
    END, NULL
  FROM t LEFT JOIN indexes AS i ON i.indisreplident

  UNION ALL
  SELECT 9, 'statistics', stxname, concat_ws(' ', elsewhere, stxkind, pg_get_statisticsobjdef_columns(oid)),
    format('CREATE STATISTICS %I.%I %s ON %s FROM %s', shadow_schema(), stxname,
      (SELECT '(' || string_agg(CASE k WHEN 'd' THEN 'ndistinct' WHEN 'f' THEN 'dependencies' WHEN 'm' THEN 'mcv' END, ', ') || ')'
        FROM unnest(stxkind) AS k WHERE k <> 'e'),
      pg_get_statisticsobjdef_columns(oid), target),
    format('DROP STATISTICS %I.%I', shadow_schema(), stxname)
  FROM statistics

  UNION ALL
  SELECT 10, 'owner of statistics', stxname, stxowner::regrole::text,
    format('ALTER STATISTICS %I.%I OWNER TO %s', shadow_schema(), stxname, stxowner::regrole), NULL
  FROM statistics

  UNION ALL
  SELECT 10, 'target of statistics', stxname, told ->> 'stxstattarget',
    format('ALTER STATISTICS %I.%I SET STATISTICS %s', shadow_schema(), stxname, told ->> 'stxstattarget'),
    format('ALTER STATISTICS %I.%I SET STATISTICS -1', shadow_schema(), stxname)
  FROM statistics WHERE (told ->> 'stxstattarget')::integer >= 0

  UNION ALL
  SELECT 11, 'comment on ' || c.on_kind, c.of_name, c.words,
    format('COMMENT ON %s IS %L', c.address, c.words), format('COMMENT ON %s IS NULL', c.address)
  FROM (
    SELECT 'table', '', 'TABLE ' || target, obj_description(oid, 'pg_class') FROM t
    UNION ALL
    SELECT 'column', attname, format('COLUMN %s.%I', target, attname), col_description(of_table, attnum) FROM columns
    UNION ALL
    SELECT 'index', relname, format('INDEX %I.%I', shadow_schema(), relname), obj_description(oid, 'pg_class') FROM indexes
    UNION ALL
    SELECT 'constraint', k.conname, format('CONSTRAINT %I ON %s', k.conname, t.target), obj_description(k.oid, 'pg_constraint')
    FROM t JOIN pg_constraint AS k ON k.conrelid = t.oid
    UNION ALL
    SELECT 'statistics', stxname, format('STATISTICS %I.%I', shadow_schema(), stxname), obj_description(oid, 'pg_statistic_ext') FROM statistics
  ) AS c (on_kind, of_name, address, words)
  WHERE c.words IS NOT NULL

  UNION ALL
  SELECT 12 + g.nth::integer, 'grant', concat(g.privilege_type, g.column_name, ' to ', r.grantee, CASE WHEN g.grantor <> g.relowner THEN ' by ' || g.grantor::regrole END),
    CASE WHEN g.is_grantable THEN 'with grant option' ELSE '' END,
    CASE WHEN g.grantor = g.relowner THEN
      format('GRANT %s%s ON %s TO %s%s', g.privilege_type, g.column_name, g.target, r.grantee, CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' END) END,
    format('REVOKE %s%s ON %s FROM %s CASCADE', g.privilege_type, g.column_name, g.target, r.grantee)
  FROM grants AS g, LATERAL (SELECT CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END AS grantee) AS r
$$;
