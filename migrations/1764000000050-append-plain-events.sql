-- Appends a batch in which each append is one event at an exact version, without claims and without a receipt: most appends
-- are. It does what append_events() does with such a batch, in less time. A batch that is not good as a whole goes on to
-- append_events(), so the verdicts are those of that function, and so are the rules for the caller.
-- Rights, search path and plans are as there.
CREATE FUNCTION public.append_plain_events(
  stream_types text[], stream_ids text[], expected integer[],
  event_ids uuid[], event_types text[], schema_versions integer[], event_data json[], event_metadata json[]
) RETURNS TABLE (append_no integer, verdict text, stream_version integer, log_position bigint, claim_no integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  event_total CONSTANT integer := cardinality(event_ids);
  head_before bigint;
BEGIN
  UPDATE public.event_log SET head = head + event_total WHERE only_row RETURNING head - event_total INTO STRICT head_before;

  IF expected = ARRAY(
      SELECT COALESCE((
        SELECT e.aggregate_version FROM public.events e
        WHERE e.aggregate_type = a.type AND e.aggregate_id = a.id
        ORDER BY e.aggregate_version DESC LIMIT 1), 0)
      FROM unnest(stream_types, stream_ids) WITH ORDINALITY AS a(type, id, no)
      ORDER BY a.no)
    AND NOT EXISTS (
      SELECT FROM unnest(event_ids) AS g(id)
      WHERE (SELECT true FROM public.events e WHERE e.event_id = g.id LIMIT 1))
  THEN
    INSERT INTO public.events (
      position, event_id, event_type, schema_version, aggregate_type, aggregate_id, aggregate_version, timestamp,
      data, metadata)
    SELECT
      head_before + g.no, g.id, g.type, g.schema_version, g.stream_type, g.stream_id, g.expected + 1, clock_timestamp(),
      g.data, g.metadata
    FROM unnest(
      stream_types, stream_ids, expected, event_ids, event_types, schema_versions, event_data, event_metadata)
      WITH ORDINALITY AS g(stream_type, stream_id, expected, id, type, schema_version, data, metadata, no);

    RETURN QUERY
      SELECT a.no::integer, 'appended'::text, a.expected + 1, head_before + a.no, NULL::integer
      FROM unnest(expected) WITH ORDINALITY AS a(expected, no);
  ELSE
    UPDATE public.event_log SET head = head_before WHERE only_row;

    RETURN QUERY
      SELECT * FROM public.append_events(
        stream_types, stream_ids, expected, array_fill(1, ARRAY[event_total]),
        ARRAY(SELECT generate_series(1, event_total)), array_fill(1, ARRAY[event_total]),
        event_ids, event_types, schema_versions, event_data, event_metadata, '{}', '{}', '{}', '{}');
  END IF;
END
$$;

REVOKE EXECUTE ON FUNCTION public.append_plain_events(
  text[], text[], integer[], uuid[], text[], integer[], json[], json[]) FROM PUBLIC;

-- Whoever may append may append plain events.
DO $$
DECLARE
  grantee text;
BEGIN
  FOR grantee IN
    SELECT CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE acl.grantee::regrole::text END
    FROM pg_proc p, aclexplode(p.proacl) AS acl
    WHERE p.oid = 'public.append_events'::regproc AND acl.privilege_type = 'EXECUTE' AND acl.grantee <> p.proowner
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION public.append_plain_events(
      text[], text[], integer[], uuid[], text[], integer[], json[], json[]) TO %s', grantee);
  END LOOP;
END
$$;
