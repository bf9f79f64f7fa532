-- try_append_batch() for one event without claims, and without the arrays: most appends of a service that is not busy.

CREATE OR REPLACE FUNCTION try_append_event(
  stream_type text, stream_id text, expected integer,
  id uuid, type text, schema_version integer, data json, metadata json, last_event_id uuid DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  next_position CONSTANT bigint := lock_log() + 1;
BEGIN

  INSERT INTO events (
    position, event_id, event_type, schema_version, aggregate_type, aggregate_id, aggregate_version, timestamp,
    data, metadata)
  SELECT next_position, id, type, schema_version, stream_type, stream_id, expected + 1, clock_timestamp(), data, metadata
  WHERE NOT EXISTS (SELECT FROM events e WHERE e.event_id = id)
    AND (
      SELECT e.aggregate_version + CASE WHEN e.event_id <> last_event_id THEN 1 ELSE 0 END FROM events e
      WHERE e.aggregate_type = stream_type AND e.aggregate_id = stream_id AND e.aggregate_version >= expected
      ORDER BY e.aggregate_version DESC LIMIT 1) IS NOT DISTINCT FROM NULLIF(expected, 0);

  RETURN CASE WHEN FOUND THEN next_position END;
END
$$;

REVOKE EXECUTE ON FUNCTION try_append_event FROM PUBLIC;
