-- The verdict on an append that is not plainly good: a retry of what is stored ("repeated <version>"), or refused.
-- For append_events() alone, which runs as the owner.

CREATE OR REPLACE FUNCTION judge_append(
  stream_type text, stream_id text, expected integer, stream_version integer, ids uuid[]
) RETURNS text
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT
SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  before_first integer := expected;
  stored uuid[];
BEGIN
  IF expected > stream_version OR (expected = -1 AND stream_version = 0) THEN RETURN 'version'; END IF;
  IF expected = stream_version THEN RETURN 'duplicate'; END IF;
  IF cardinality(ids) = 0 THEN RETURN 'version'; END IF;

  IF expected < 0 THEN
    SELECT e.aggregate_version - 1 INTO before_first FROM events e
    WHERE e.event_id = ids[1] AND e.aggregate_type = stream_type AND e.aggregate_id = stream_id;
    IF before_first IS NULL THEN RETURN 'duplicate'; END IF;
  END IF;

  stored := ARRAY(
    SELECT e.event_id FROM events e
    WHERE e.aggregate_type = stream_type AND e.aggregate_id = stream_id
      AND e.aggregate_version > before_first AND e.aggregate_version <= before_first + cardinality(ids)
    ORDER BY e.aggregate_version);

  IF stored = ids THEN RETURN 'repeated ' || before_first + cardinality(ids); END IF;
  IF expected >= 0 AND (stored[1] <> ids[1] OR cardinality(stored) < cardinality(ids)) THEN RETURN 'version'; END IF;
  RETURN 'duplicate';
END
$$;

REVOKE EXECUTE ON FUNCTION judge_append FROM PUBLIC;
