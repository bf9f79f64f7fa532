-- Appends run with the rights of the log's owner, so the role of the service needs none of its own to write the log: it may
-- call append_events() and read. Whoever holds that role can neither leave a hole nor take a position that is not next.
--
-- A function that runs as its owner must not look up anything where its caller may create objects. Its search path is
-- pg_catalog alone (pg_temp last, because it would be first if it were not named), and every table is named with its
-- schema. Otherwise the body of judge_append() is that of 1764000000000.

ALTER FUNCTION public.append_events(
  text[], text[], integer[], integer[], integer[], integer[], uuid[], text[], integer[], json[], json[],
  integer[], text[], text[], boolean[], integer[], text[], text[], text[], integer[])
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp;

CREATE OR REPLACE FUNCTION public.judge_append(
  stream_type text, stream_id text, expected integer, stream_version integer, ids uuid[]
) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  before_first integer := expected;
  stored uuid[];
BEGIN
  IF expected > stream_version OR (expected = -1 AND stream_version = 0) THEN RETURN 'version'; END IF;
  IF expected = stream_version THEN RETURN 'duplicate'; END IF;
  IF cardinality(ids) = 0 THEN RETURN 'version'; END IF;

  IF expected < 0 THEN
    SELECT e.aggregate_version - 1 INTO before_first FROM public.events e
    WHERE e.event_id = ids[1] AND e.aggregate_type = stream_type AND e.aggregate_id = stream_id;
    IF before_first IS NULL THEN RETURN 'duplicate'; END IF;
  END IF;

  stored := ARRAY(
    SELECT e.event_id FROM public.events e
    WHERE e.aggregate_type = stream_type AND e.aggregate_id = stream_id
      AND e.aggregate_version > before_first AND e.aggregate_version <= before_first + cardinality(ids)
    ORDER BY e.aggregate_version);

  IF stored = ids THEN RETURN 'repeated ' || before_first + cardinality(ids); END IF;
  IF expected >= 0 AND (stored[1] <> ids[1] OR cardinality(stored) < cardinality(ids)) THEN RETURN 'version'; END IF;
  RETURN 'duplicate';
END
$$;

-- Until somebody is granted them (docs/how-to/separate-database-roles.md), they are for the owner alone.
REVOKE EXECUTE ON FUNCTION public.append_events(
  text[], text[], integer[], integer[], integer[], integer[], uuid[], text[], integer[], json[], json[],
  integer[], text[], text[], boolean[], integer[], text[], text[], text[], integer[]) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION public.judge_append(text, text, integer, integer, uuid[]) FROM PUBLIC;
