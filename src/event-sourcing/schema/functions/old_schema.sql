-- The schema of tables that were read until a rebuild.

CREATE OR REPLACE FUNCTION old_schema() RETURNS name
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT (current_schema() || '_old')::name
$$;
