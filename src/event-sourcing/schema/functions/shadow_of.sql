-- The shadow table of a live table; NULL when there is none.

CREATE OR REPLACE FUNCTION shadow_of(live regclass) RETURNS regclass
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT to_regclass(format('%I.%I', shadow_schema(), relname)) FROM pg_class WHERE oid = live
$$;
