-- The schema of shadow tables. (The search path of a function of the kernel begins with the kernel's schema.)

CREATE OR REPLACE FUNCTION shadow_schema() RETURNS name
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT (current_schema() || '_shadow')::name
$$;
