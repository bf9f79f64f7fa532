-- Copies of read models are made from the description of the live table, and compared with it: what differs is refused, or given to the copy.

ALTER TABLE rebuilds ADD COLUMN trouble text;

COMMENT ON COLUMN rebuilds.trouble IS 'What keeps the new rows from taking over, or made the rebuild start over; null when nothing does.';

DROP FUNCTION indexes_of(regclass);

-- What depends on a table: "own" objects come and go with it, the others are somebody's.
CREATE FUNCTION dependents_of(of_table regclass) RETURNS TABLE (class_id oid, object_id oid, is_own boolean, described text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE own (class_id, object_id) AS (
    SELECT 'pg_class'::regclass::oid, of_table::oid
    UNION
    SELECT d.classid, d.objid FROM pg_depend AS d JOIN own ON d.refclassid = own.class_id AND d.refobjid = own.object_id
    WHERE d.deptype IN ('a', 'i', 'P', 'S')
  )
  SELECT class_id, object_id, true, pg_describe_object(class_id, object_id, 0) FROM own WHERE object_id <> of_table
  UNION
  SELECT d.classid, d.objid, false,
    COALESCE('view ' || (SELECT r.ev_class::regclass::text FROM pg_rewrite AS r WHERE d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid),
      pg_describe_object(d.classid, d.objid, d.objsubid))
  FROM pg_depend AS d JOIN own ON d.refclassid = own.class_id AND d.refobjid = own.object_id
  WHERE d.deptype NOT IN ('a', 'i', 'P', 'S') AND (d.classid, d.objid) NOT IN (SELECT class_id, object_id FROM own)
$$;

-- What a copy of a table would not have, or what would go on with the old rows, in words; NULL when it can be copied.
-- Objects of the table are copied when they are of a known kind: what a later version of Postgres adds is refused.
CREATE OR REPLACE FUNCTION what_cannot_be_copied(live regclass) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT string_agg(DISTINCT what, ', ') FROM (
    SELECT 'the ' || d.described || CASE WHEN NOT d.is_own THEN ', which depends on it' ELSE '' END
    FROM dependents_of(live) AS d
    WHERE NOT (d.is_own AND (
      d.class_id = 'pg_type'::regclass
      OR d.class_id = 'pg_attrdef'::regclass
      OR d.class_id = 'pg_statistic_ext'::regclass
      OR d.class_id = 'pg_constraint'::regclass AND EXISTS (
        SELECT FROM pg_constraint AS k WHERE k.oid = d.object_id AND k.conrelid = live AND k.contype IN ('c', 'p', 'u', 'x', 'n'))
      OR d.class_id = 'pg_trigger'::regclass AND EXISTS (SELECT FROM pg_trigger AS g WHERE g.oid = d.object_id AND g.tgisinternal)
      OR d.class_id = 'pg_class'::regclass AND EXISTS (
        SELECT FROM pg_class AS c LEFT JOIN pg_depend AS i ON i.classid = 'pg_class'::regclass AND i.objid = c.oid AND i.refobjid = live
        WHERE c.oid = d.object_id AND (c.relkind IN ('i', 't') OR c.relkind = 'S' AND i.deptype = 'i'))))
    UNION ALL
    SELECT format('the index %s, which is not valid', indexrelid::regclass) FROM pg_index WHERE indrelid = live AND NOT indisvalid
    UNION ALL
    SELECT 'the place in an inheritance or partition tree' FROM pg_inherits WHERE live IN (inhrelid, inhparent)
    UNION ALL
    SELECT format('the membership of %s in %s', pg_describe_object(e.classid, e.objid, 0), pg_describe_object(e.refclassid, e.refobjid, 0))
    FROM pg_depend AS e
    WHERE e.refclassid = 'pg_extension'::regclass AND e.deptype IN ('e', 'x') AND (e.classid, e.objid) IN (
      SELECT 'pg_class'::regclass::oid, live::oid UNION SELECT class_id, object_id FROM dependents_of(live) WHERE is_own)
    UNION ALL
    SELECT 'the security label of ' || l.provider FROM pg_seclabel AS l WHERE l.classoid = 'pg_class'::regclass AND l.objoid = live
    UNION ALL
    SELECT 'the place in a logical subscription' FROM pg_subscription_rel WHERE srrelid = live
    UNION ALL
    SELECT format('the kind of relation it is (%s): only ordinary tables can be copied', relkind) FROM pg_class WHERE oid = live AND relkind <> 'r'
  ) AS found (what)
$$;

-- Gives the next table what the live one has and takes away what it has not, as far as that can be done to a table that exists.
CREATE FUNCTION align_next_table(live regclass, next regclass) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  steps text[];
  step text;
BEGIN
  steps := ARRAY(
    SELECT n.unmake FROM table_facts(next) AS n LEFT JOIN table_facts(live) AS l USING (kind, name)
    WHERE n.definition IS DISTINCT FROM l.definition AND n.unmake IS NOT NULL ORDER BY n.step DESC);
  FOREACH step IN ARRAY steps LOOP EXECUTE step; END LOOP;
  steps := ARRAY(
    SELECT l.make FROM table_facts(live) AS l LEFT JOIN table_facts(next) AS n USING (kind, name)
    WHERE l.definition IS DISTINCT FROM n.definition AND l.make IS NOT NULL ORDER BY l.step);
  FOREACH step IN ARRAY steps LOOP EXECUTE step; END LOOP;
END
$$;

-- The sequences of the identity columns of a table, by the names of the columns.
CREATE FUNCTION identity_sequences(of_table regclass) RETURNS TABLE (column_name name, sequence_id regclass)
LANGUAGE sql STABLE AS $$
  SELECT a.attname, d.objid::regclass
  FROM pg_depend AS d JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
  WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = of_table AND d.classid = 'pg_class'::regclass AND d.deptype = 'i'
$$;

-- An empty table like the live one, in projection_next, proven by comparing the two.
CREATE OR REPLACE FUNCTION make_next_table(table_name text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  live regclass := live_table(table_name);
  next text := format('projection_next.%I', table_name);
  live_numbers regclass;
  next_numbers regclass;
  numbers_name name;
  problem text;
BEGIN
  IF live IS NULL THEN
    RAISE EXCEPTION 'there is no table %', table_name USING ERRCODE = 'undefined_table';
  END IF;
  problem := what_cannot_be_copied(live);
  IF problem IS NOT NULL THEN
    RAISE EXCEPTION 'a copy of table % would lose %', table_name, problem
      USING ERRCODE = 'feature_not_supported', HINT = 'Drop it, and create it again when the new rows have taken over.';
  END IF;
  EXECUTE (
    SELECT format('CREATE %s TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING IDENTITY INCLUDING STORAGE INCLUDING COMPRESSION) USING %I',
      CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED' END, next, live, m.amname)
    FROM pg_class AS c JOIN pg_am AS m ON m.oid = c.relam WHERE c.oid = live);
  -- LIKE gives each sequence the type bigint, and a name of its own making.
  FOR live_numbers, next_numbers IN
    SELECT l.sequence_id, n.sequence_id FROM identity_sequences(live) AS l JOIN identity_sequences(next::regclass) AS n USING (column_name)
  LOOP
    EXECUTE (SELECT format('ALTER SEQUENCE %s AS %s', next_numbers, format_type(seqtypid, NULL)) FROM pg_sequence WHERE seqrelid = live_numbers);
    numbers_name := (SELECT relname FROM pg_class WHERE oid = live_numbers);
    IF numbers_name <> (SELECT relname FROM pg_class WHERE oid = next_numbers) THEN
      EXECUTE format('ALTER SEQUENCE %s RENAME TO %I', next_numbers, numbers_name);
    END IF;
  END LOOP;
  PERFORM align_next_table(live, next::regclass);
  problem := table_differences(live, next::regclass);
  IF problem IS NOT NULL THEN
    RAISE EXCEPTION 'a copy of table % would differ from it in: %', table_name, problem
      USING ERRCODE = 'feature_not_supported', HINT = 'Change the table so that it has none of that, or a role that may copy it.';
  END IF;
END
$$;

-- What has changed since the next table was made, or would be lost with the live one, in words; NULL when it can take its place.
CREATE FUNCTION next_table_problem(table_name text) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT NULLIF(concat_ws(', ', what_cannot_be_copied(live), what_cannot_be_copied(next), table_differences(live, next)), '')
  FROM (SELECT live_table(table_name), to_regclass(format('projection_next.%I', table_name))) AS t (live, next)
$$;

CREATE FUNCTION grants_of(of_table regclass) RETURNS TABLE (column_name name, item text)
LANGUAGE sql STABLE AS $$
  SELECT NULL, unnest(COALESCE(relacl, acldefault('r', relowner)))::text FROM pg_class WHERE oid = of_table
  UNION ALL
  SELECT attname, unnest(attacl)::text FROM pg_attribute WHERE attrelid = of_table AND NOT attisdropped
$$;

-- The next table becomes the live one, and the live one the old one. Readers wait meanwhile, so the caller has compared the tables under
-- a lock that lets readers in. What that lock does not keep out is looked at again here: dependents, and grants, which the changed row of the
-- catalogue keeps out from then on. Identity columns go on behind the numbers of both tables, so that none is given twice.
CREATE FUNCTION replace_live_table(table_name text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  live regclass := live_table(table_name);
  next regclass := format('projection_next.%I', table_name)::regclass;
  home name := (SELECT n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = live);
  live_statistics text[] := ARRAY(SELECT format('%s.%I', stxnamespace::regnamespace, stxname) FROM pg_statistic_ext WHERE stxrelid = live);
  next_statistics text[] := ARRAY(SELECT format('%s.%I', stxnamespace::regnamespace, stxname) FROM pg_statistic_ext WHERE stxrelid = next);
  live_numbers regclass;
  next_numbers regclass;
  direction integer;
  problem text;
  object text;
BEGIN
  EXECUTE format('ALTER TABLE %s SET SCHEMA projection_old', live);
  FOREACH object IN ARRAY live_statistics LOOP EXECUTE format('ALTER STATISTICS %s SET SCHEMA projection_old', object); END LOOP;
  problem := what_cannot_be_copied(live);
  IF problem IS NOT NULL OR EXISTS (
    (SELECT * FROM grants_of(live) EXCEPT SELECT * FROM grants_of(next)) UNION ALL (SELECT * FROM grants_of(next) EXCEPT SELECT * FROM grants_of(live)))
  THEN
    RAISE EXCEPTION 'table % has changed since its copy was made: %', table_name, COALESCE(problem, 'its grants differ')
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  FOR live_numbers, next_numbers, direction IN
    SELECT l.sequence_id, n.sequence_id, sign(q.seqincrement)
    FROM identity_sequences(live) AS l JOIN identity_sequences(next) AS n USING (column_name) JOIN pg_sequence AS q ON q.seqrelid = l.sequence_id
  LOOP
    IF (pg_sequence_last_value(live_numbers) - pg_sequence_last_value(next_numbers)) * direction > 0 OR pg_sequence_last_value(next_numbers) IS NULL THEN
      PERFORM setval(next_numbers, pg_sequence_last_value(live_numbers));
    END IF;
  END LOOP;
  EXECUTE format('ALTER TABLE %s SET SCHEMA %I', next, home);
  FOREACH object IN ARRAY next_statistics LOOP EXECUTE format('ALTER STATISTICS %s SET SCHEMA %I', object, home); END LOOP;
END
$$;

-- For programs of before, which lock readers out first.
CREATE OR REPLACE FUNCTION swap_next_table(table_name text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  problem text := next_table_problem(table_name);
BEGIN
  IF problem IS NOT NULL THEN
    RAISE EXCEPTION 'table % has changed since its copy was made: %', table_name, problem USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  EXECUTE format('DROP TABLE IF EXISTS projection_old.%I', table_name);
  PERFORM replace_live_table(table_name);
END
$$;
