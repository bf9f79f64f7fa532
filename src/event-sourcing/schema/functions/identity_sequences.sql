-- The sequences of the identity columns of a table, by the names of the columns.

CREATE OR REPLACE FUNCTION identity_sequences(of_table regclass) RETURNS TABLE (column_name name, sequence_id regclass)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT a.attname, d.objid::regclass
  FROM pg_depend AS d JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
  WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = of_table AND d.classid = 'pg_class'::regclass AND d.deptype = 'i'
$$;
