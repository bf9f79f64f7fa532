-- What has changed since the shadow table was made, or would be lost with the live one, in words; NULL when they can be swapped.

CREATE OR REPLACE FUNCTION shadow_table_problem(live regclass) RETURNS text
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT NULLIF(concat_ws(', ', what_cannot_be_copied(live), what_cannot_be_copied(shadow), table_differences(live, shadow)), '')
  FROM shadow_of(live) AS shadow
$$;
