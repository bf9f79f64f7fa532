-- What is different in two tables, in words; NULL when they are alike.

CREATE OR REPLACE FUNCTION table_differences(live regclass, shadow regclass) RETURNS text
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT string_agg(
    concat_ws(' ', kind, NULLIF(name, ''),
      CASE
        WHEN l.definition IS NULL THEN '(only in the new table)'
        WHEN s.definition IS NULL THEN '(only in the live table)'
        ELSE '(differs)'
      END),
    ', ' ORDER BY COALESCE(l.step, s.step), kind, name)
  FROM table_facts(live) AS l FULL JOIN table_facts(shadow) AS s USING (kind, name)
  WHERE l.definition IS DISTINCT FROM s.definition
$$;
