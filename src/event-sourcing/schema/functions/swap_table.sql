-- The shadow table becomes the live one, and the live one the old one. Readers wait meanwhile, so the caller has compared the tables
-- under a lock that lets readers in. What that lock does not keep out is looked at again here: dependents, and grants, which the changed
-- row of the catalogue keeps out from then on. Identity columns go on behind the numbers of both tables, so that no number is given twice.

CREATE OR REPLACE FUNCTION swap_table(live regclass) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  shadow CONSTANT regclass := shadow_of(live);
  home CONSTANT regnamespace := (SELECT relnamespace FROM pg_class WHERE oid = live);
  live_statistics CONSTANT text[] := ARRAY(
    SELECT format('%s.%I', stxnamespace::regnamespace, stxname) FROM pg_statistic_ext WHERE stxrelid = live);
  shadow_statistics CONSTANT text[] := ARRAY(
    SELECT format('%s.%I', stxnamespace::regnamespace, stxname) FROM pg_statistic_ext WHERE stxrelid = shadow);
  live_numbers regclass;
  shadow_numbers regclass;
  direction integer;
  problem text;
  object text;
BEGIN
  EXECUTE format('ALTER TABLE %s SET SCHEMA %I', live, old_schema());
  FOREACH object IN ARRAY live_statistics LOOP
    EXECUTE format('ALTER STATISTICS %s SET SCHEMA %I', object, old_schema());
  END LOOP;

  problem := what_cannot_be_copied(live);
  IF problem IS NOT NULL OR EXISTS (
    (SELECT * FROM grants_of(live) EXCEPT SELECT * FROM grants_of(shadow))
    UNION ALL (SELECT * FROM grants_of(shadow) EXCEPT SELECT * FROM grants_of(live)))
  THEN
    RAISE EXCEPTION 'table % has changed since its copy was made: %', (SELECT relname FROM pg_class WHERE oid = live),
      COALESCE(problem, 'its grants differ')
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;

  FOR live_numbers, shadow_numbers, direction IN
    SELECT l.sequence_id, s.sequence_id, sign(q.seqincrement)
    FROM identity_sequences(live) AS l JOIN identity_sequences(shadow) AS s USING (column_name)
      JOIN pg_sequence AS q ON q.seqrelid = l.sequence_id
  LOOP
    IF pg_sequence_last_value(shadow_numbers) IS NULL
      OR (pg_sequence_last_value(live_numbers) - pg_sequence_last_value(shadow_numbers)) * direction > 0
    THEN
      PERFORM setval(shadow_numbers, pg_sequence_last_value(live_numbers));
    END IF;
  END LOOP;

  EXECUTE format('ALTER TABLE %s SET SCHEMA %s', shadow, home);
  FOREACH object IN ARRAY shadow_statistics LOOP
    EXECUTE format('ALTER STATISTICS %s SET SCHEMA %s', object, home);
  END LOOP;
END
$$;
