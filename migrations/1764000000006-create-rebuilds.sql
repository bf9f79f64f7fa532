-- Rebuilding a read model beside the one that is read. The new tables are made in "projection_next" under the names of the
-- old ones; when they have caught up, the two change places, and the old ones stay in "projection_old" until they are dropped.

CREATE SCHEMA projection_next;
CREATE SCHEMA projection_old;

CREATE TABLE rebuilds (
  projection text NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  segments integer NOT NULL CHECK (segments > 0),
  table_names text[] NOT NULL,
  is_held boolean NOT NULL,
  actor text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT rebuilds_projection PRIMARY KEY (projection)
);

COMMENT ON COLUMN rebuilds.is_held IS 'The new rows do not take over by themselves: an operator wants to compare them first.';

ALTER TABLE subscriptions ADD COLUMN rebuilt_at timestamptz;

COMMENT ON COLUMN subscriptions.rebuilt_at IS 'When rows that were made anew took over.';

-- What a copy of a table would not have, in words; NULL when it can be copied.
CREATE FUNCTION what_cannot_be_copied(live regclass) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT string_agg(what, ', ') FROM (
    SELECT 'the trigger ' || tgname FROM pg_trigger WHERE tgrelid = live AND NOT tgisinternal
    UNION ALL
    SELECT 'the foreign key ' || conname FROM pg_constraint WHERE contype = 'f' AND live IN (conrelid, confrelid)
    UNION ALL
    SELECT DISTINCT 'the view ' || r.ev_class::regclass::text
    FROM pg_depend AS d JOIN pg_rewrite AS r ON r.oid = d.objid
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = live
      AND r.ev_class <> live
    UNION ALL
    SELECT 'the rule ' || rulename FROM pg_rewrite WHERE ev_class = live
    UNION ALL
    SELECT 'the row-level policy ' || polname FROM pg_policy WHERE polrelid = live
    UNION ALL
    SELECT 'the publication ' || p.pubname FROM pg_publication_rel AS r JOIN pg_publication AS p ON p.oid = r.prpubid
    WHERE r.prrelid = live
    UNION ALL
    SELECT 'the place in an inheritance or partition tree' FROM pg_inherits WHERE live IN (inhrelid, inhparent)
    UNION ALL
    SELECT 'the numbers of ' || objid::regclass::text FROM pg_depend
    WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND refobjid = live AND deptype = 'a'
      AND objid IN (SELECT oid FROM pg_class WHERE relkind = 'S')
  ) AS found (what)
$$;

-- The indexes of a table, each with what makes it what it is, whatever its name.
CREATE FUNCTION indexes_of(of_table regclass) RETURNS TABLE (index_id regclass, index_name name, shape text, nth bigint)
LANGUAGE sql STABLE AS $$
  SELECT i.indexrelid::regclass, c.relname, d.shape, row_number() OVER (PARTITION BY d.shape ORDER BY i.indexrelid)
  FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid,
    LATERAL (SELECT concat(i.indisunique, i.indisprimary, substring(pg_get_indexdef(i.indexrelid) FROM ' USING .*$')) AS shape) AS d
  WHERE i.indrelid = of_table
$$;

-- An empty table like the live one, in projection_next: its columns, checks, indexes (under the same names), options,
-- comments, owner and grants.
CREATE FUNCTION make_next_table(table_name text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  live regclass := to_regclass(quote_ident(table_name));
  next text := format('projection_next.%I', table_name);
  obstacles text;
  step text;
BEGIN
  IF live IS NULL THEN
    RAISE EXCEPTION 'there is no table %', table_name USING ERRCODE = 'undefined_table';
  END IF;
  obstacles := what_cannot_be_copied(live);
  IF obstacles IS NOT NULL THEN
    RAISE EXCEPTION 'a copy of table % would lose %', table_name, obstacles USING ERRCODE = 'feature_not_supported';
  END IF;
  EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL)', next, live);
  -- Two rounds, so that no name is wanted by one index while another has it.
  FOR step IN
    SELECT format('ALTER INDEX projection_next.%I RENAME TO %I', n.index_name, 'next ' || l.index_id::oid)
    FROM indexes_of(live) AS l JOIN indexes_of(next::regclass) AS n USING (shape, nth)
  LOOP EXECUTE step; END LOOP;
  FOR step IN
    SELECT format('ALTER INDEX projection_next.%I RENAME TO %I', 'next ' || l.index_id::oid, l.index_name)
    FROM indexes_of(live) AS l
  LOOP EXECUTE step; END LOOP;
  FOR step IN
    SELECT format('ALTER TABLE %s SET (%s)', next, array_to_string(reloptions, ', '))
    FROM pg_class WHERE oid = live AND reloptions IS NOT NULL
    UNION ALL
    SELECT format('COMMENT ON TABLE %s IS %L', next, obj_description(live, 'pg_class'))
    UNION ALL
    SELECT format('GRANT %s ON %s TO %s', a.privilege_type, next,
      CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
    FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE c.oid = live AND a.grantee <> c.relowner
    UNION ALL
    SELECT format('ALTER TABLE %s OWNER TO %I', next, pg_get_userbyid(relowner))
    FROM pg_class WHERE oid = live AND pg_get_userbyid(relowner) <> current_user
  LOOP EXECUTE step; END LOOP;
END
$$;

-- The next table becomes the live one, and the live one the old one.
CREATE FUNCTION swap_next_table(table_name text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  live regclass := to_regclass(quote_ident(table_name));
  home name := (SELECT n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = live);
BEGIN
  EXECUTE format('DROP TABLE IF EXISTS projection_old.%I', table_name);
  EXECUTE format('ALTER TABLE %s SET SCHEMA projection_old', live);
  EXECUTE format('ALTER TABLE projection_next.%I SET SCHEMA %I', table_name, home);
END
$$;
