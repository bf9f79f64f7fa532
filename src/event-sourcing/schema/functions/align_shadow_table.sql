-- Gives the shadow table what the live one has and takes away what it has not, as far as that can be done to a table that exists.

CREATE OR REPLACE FUNCTION align_shadow_table(live regclass, shadow regclass) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  steps text[];
  step text;
BEGIN
  steps := ARRAY(
    SELECT s.unmake FROM table_facts(shadow) AS s LEFT JOIN table_facts(live) AS l USING (kind, name)
    WHERE s.definition IS DISTINCT FROM l.definition AND s.unmake IS NOT NULL ORDER BY s.step DESC);
  FOREACH step IN ARRAY steps LOOP EXECUTE step; END LOOP;
  steps := ARRAY(
    SELECT l.make FROM table_facts(live) AS l LEFT JOIN table_facts(shadow) AS s USING (kind, name)
    WHERE l.definition IS DISTINCT FROM s.definition AND l.make IS NOT NULL ORDER BY l.step);
  FOREACH step IN ARRAY steps LOOP EXECUTE step; END LOOP;
END
$$;
