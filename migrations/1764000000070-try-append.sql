-- Two short ways for most appends: one event at an exact version, without a receipt. They store all of what they are given and
-- answer with the position of the first event, or store nothing and answer null: then something is stale, was stored before,
-- or claims what is held already, and append_events() has the verdicts. The rules for the caller are those of that function,
-- and so are rights, search path and plans.
-- append_plain_events() does the same as try_append_batch() without claims. It stays for the program of before, which runs on.
--
-- What is checked, and the events that are stored, are one statement, and newer than the lock of the head. A stream is where
-- it is expected when the last of its versions from there on is the expected one; a new stream has none at all.

CREATE FUNCTION public.try_append_batch(
  stream_types text[], stream_ids text[], expected integer[],
  event_ids uuid[], event_types text[], schema_versions integer[], event_data json[], event_metadata json[],
  claim_append integer[] DEFAULT '{}', claim_scopes text[] DEFAULT '{}', claim_values text[] DEFAULT '{}',
  claim_releases boolean[] DEFAULT '{}'
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  event_total CONSTANT integer := cardinality(event_ids);
  has_claims CONSTANT boolean := cardinality(claim_append) > 0;
  head_before bigint;
BEGIN
  UPDATE public.event_log SET head = head + event_total WHERE only_row RETURNING head - event_total INTO STRICT head_before;

  INSERT INTO public.events (
    position, event_id, event_type, schema_version, aggregate_type, aggregate_id, aggregate_version, timestamp,
    data, metadata)
  SELECT
    head_before + g.no, g.id, g.type, g.schema_version, g.stream_type, g.stream_id, g.version + 1, clock_timestamp(),
    g.data, g.metadata
  FROM unnest(
    stream_types, stream_ids, expected, event_ids, event_types, schema_versions, event_data, event_metadata)
    WITH ORDINALITY AS g(stream_type, stream_id, version, id, type, schema_version, data, metadata, no)
  WHERE NOT EXISTS (SELECT FROM public.events e WHERE e.event_id = ANY (event_ids))
    AND NOT EXISTS (
      SELECT FROM unnest(stream_types, stream_ids, expected) AS a(type, id, version)
      WHERE (
        SELECT e.aggregate_version FROM public.events e
        WHERE e.aggregate_type = a.type AND e.aggregate_id = a.id AND e.aggregate_version >= a.version
        ORDER BY e.aggregate_version DESC LIMIT 1) IS DISTINCT FROM NULLIF(a.version, 0))
    AND NOT EXISTS (
      SELECT FROM unnest(claim_scopes, claim_values, claim_releases) AS c(scope, value, release)
      WHERE NOT c.release
        AND (SELECT true FROM public.claims k WHERE k.scope = c.scope AND k.value = c.value LIMIT 1));

  IF NOT FOUND THEN
    UPDATE public.event_log SET head = head_before WHERE only_row;
    RETURN NULL;
  END IF;

  IF has_claims THEN
    DELETE FROM public.claims k USING unnest(claim_append, claim_scopes, claim_values, claim_releases)
      AS c(append, scope, value, release)
    WHERE c.release AND k.scope = c.scope AND k.value = c.value
      AND k.aggregate_type = stream_types[c.append] AND k.aggregate_id = stream_ids[c.append];

    INSERT INTO public.claims (scope, value, aggregate_type, aggregate_id)
    SELECT c.scope, c.value, stream_types[c.append], stream_ids[c.append]
    FROM unnest(claim_append, claim_scopes, claim_values, claim_releases) AS c(append, scope, value, release)
    WHERE NOT c.release
    ON CONFLICT (scope, value) DO NOTHING;
  END IF;

  RETURN head_before + 1;
END
$$;

-- The same for one event without claims, and without the arrays: most appends of a service that is not busy.
CREATE FUNCTION public.try_append_event(
  stream_type text, stream_id text, expected integer,
  id uuid, type text, schema_version integer, data json, metadata json
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  head_after bigint;
BEGIN
  UPDATE public.event_log SET head = head + 1 WHERE only_row RETURNING head INTO STRICT head_after;

  INSERT INTO public.events (
    position, event_id, event_type, schema_version, aggregate_type, aggregate_id, aggregate_version, timestamp,
    data, metadata)
  SELECT head_after, id, type, schema_version, stream_type, stream_id, expected + 1, clock_timestamp(), data, metadata
  WHERE NOT EXISTS (SELECT FROM public.events e WHERE e.event_id = id)
    AND (
      SELECT e.aggregate_version FROM public.events e
      WHERE e.aggregate_type = stream_type AND e.aggregate_id = stream_id AND e.aggregate_version >= expected
      ORDER BY e.aggregate_version DESC LIMIT 1) IS NOT DISTINCT FROM NULLIF(expected, 0);

  IF FOUND THEN RETURN head_after; END IF;
  UPDATE public.event_log SET head = head_after - 1 WHERE only_row;
  RETURN NULL;
END
$$;

REVOKE EXECUTE ON FUNCTION public.try_append_batch(
  text[], text[], integer[], uuid[], text[], integer[], json[], json[], integer[], text[], text[], boolean[]) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION public.try_append_event(
  text, text, integer, uuid, text, integer, json, json) FROM PUBLIC;

-- Whoever may append may append by these.
DO $$
DECLARE
  grantee text;
BEGIN
  FOR grantee IN
    SELECT CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE acl.grantee::regrole::text END
    FROM pg_proc p, aclexplode(p.proacl) AS acl
    WHERE p.oid = 'public.append_events'::regproc AND acl.privilege_type = 'EXECUTE' AND acl.grantee <> p.proowner
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION public.try_append_batch, public.try_append_event TO %s', grantee);
  END LOOP;
END
$$;
