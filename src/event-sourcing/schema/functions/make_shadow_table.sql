-- Makes an empty shadow table like the live one, proven by comparing the two.

CREATE OR REPLACE FUNCTION make_shadow_table(live regclass) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  table_name CONSTANT name := (SELECT relname FROM pg_class WHERE oid = live);
  shadow regclass;
  live_numbers regclass;
  shadow_numbers regclass;
  numbers_name name;
  problem text;
BEGIN
  problem := what_cannot_be_copied(live);
  IF problem IS NOT NULL THEN
    RAISE EXCEPTION 'a copy of table % would lose %', table_name, problem
      USING ERRCODE = 'feature_not_supported', HINT = 'Drop it, and create it again when the rebuilt rows were swapped in.';
  END IF;
  EXECUTE (
    SELECT format(
      'CREATE %s TABLE %I.%I (LIKE %s INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING IDENTITY INCLUDING STORAGE INCLUDING COMPRESSION) '
      'USING %I', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED' END, shadow_schema(), table_name, live, m.amname)
    FROM pg_class AS c JOIN pg_am AS m ON m.oid = c.relam WHERE c.oid = live);
  shadow := shadow_of(live);

  -- LIKE gives each sequence the type bigint, and a name of its own making.
  FOR live_numbers, shadow_numbers IN
    SELECT l.sequence_id, s.sequence_id
    FROM identity_sequences(live) AS l JOIN identity_sequences(shadow) AS s USING (column_name)
  LOOP
    EXECUTE (
      SELECT format('ALTER SEQUENCE %s AS %s', shadow_numbers, format_type(seqtypid, NULL))
      FROM pg_sequence WHERE seqrelid = live_numbers);
    numbers_name := (SELECT relname FROM pg_class WHERE oid = live_numbers);
    IF numbers_name <> (SELECT relname FROM pg_class WHERE oid = shadow_numbers) THEN
      EXECUTE format('ALTER SEQUENCE %s RENAME TO %I', shadow_numbers, numbers_name);
    END IF;
  END LOOP;

  PERFORM align_shadow_table(live, shadow);
  problem := table_differences(live, shadow);
  IF problem IS NOT NULL THEN
    RAISE EXCEPTION 'a copy of table % would differ from it in: %', table_name, problem
      USING ERRCODE = 'feature_not_supported', HINT = 'Change the table so that it has none of that, or a role that may copy it.';
  END IF;
END
$$;
