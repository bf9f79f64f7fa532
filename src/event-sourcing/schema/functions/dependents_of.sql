-- What depends on a table: "own" objects come and go with it, the others are somebody's.

CREATE OR REPLACE FUNCTION dependents_of(of_table regclass) RETURNS TABLE (class_id oid, object_id oid, is_own boolean, described text)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
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
