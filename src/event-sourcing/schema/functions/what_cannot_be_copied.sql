-- What a copy of a table would not have, or what would go on with the old rows, in words; NULL when it can be copied.
-- Objects of the table are copied when they are of a known kind: what a later version of Postgres adds is refused.

CREATE OR REPLACE FUNCTION what_cannot_be_copied(live regclass) RETURNS text
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
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
