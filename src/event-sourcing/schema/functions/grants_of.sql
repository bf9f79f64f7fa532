-- The grants on a table and on its columns, one by one.

CREATE OR REPLACE FUNCTION grants_of(of_table regclass) RETURNS TABLE (column_name name, item text)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT NULL, unnest(COALESCE(relacl, acldefault('r', relowner)))::text FROM pg_class WHERE oid = of_table
  UNION ALL
  SELECT attname, unnest(attacl)::text FROM pg_attribute WHERE attrelid = of_table AND NOT attisdropped
$$;
