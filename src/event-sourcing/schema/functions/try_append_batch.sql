-- The short way for most batches: each append is one event at an exact version, without a receipt. It stores all of them and answers with
-- the position of the first event, or stores nothing and answers null: then something is stale, was stored before, or claims what is
-- held already, and append_events() has the verdicts. The rules for the caller, the rights and the plans are those of that function.
--
-- What is checked, and the events that are stored, are one statement, and newer than the lock of the log. A stream is where it is
-- expected when the last of its versions from there on is the expected one; a new stream has none at all. Where the last event has
-- another id than last_event_ids says, its version counts as one more, so that the stream is not where it is expected.

CREATE OR REPLACE FUNCTION try_append_batch(
  stream_types text[], stream_ids text[], expected integer[],
  event_ids uuid[], event_types text[], schema_versions integer[], event_data json[], event_metadata json[],
  claim_append integer[] DEFAULT '{}', claim_scopes text[] DEFAULT '{}', claim_values text[] DEFAULT '{}',
  claim_releases boolean[] DEFAULT '{}', last_event_ids uuid[] DEFAULT '{}'
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  has_claims CONSTANT boolean := cardinality(claim_append) > 0;
  head_before bigint;
BEGIN
  head_before := lock_log();

  INSERT INTO events (
    position, event_id, event_type, schema_version, aggregate_type, aggregate_id, aggregate_version, timestamp,
    data, metadata)
  SELECT
    head_before + g.no, g.id, g.type, g.schema_version, g.stream_type, g.stream_id, g.version + 1, clock_timestamp(),
    g.data, g.metadata
  FROM unnest(
    stream_types, stream_ids, expected, event_ids, event_types, schema_versions, event_data, event_metadata)
    WITH ORDINALITY AS g(stream_type, stream_id, version, id, type, schema_version, data, metadata, no)
  WHERE NOT EXISTS (SELECT FROM events e WHERE e.event_id = ANY (event_ids))
    AND NOT EXISTS (
      SELECT FROM unnest(stream_types, stream_ids, expected, last_event_ids) AS a(type, id, version, last_event_id)
      WHERE (
        SELECT e.aggregate_version + CASE WHEN e.event_id <> a.last_event_id THEN 1 ELSE 0 END FROM events e
        WHERE e.aggregate_type = a.type AND e.aggregate_id = a.id AND e.aggregate_version >= a.version
        ORDER BY e.aggregate_version DESC LIMIT 1) IS DISTINCT FROM NULLIF(a.version, 0))
    AND NOT EXISTS (
      SELECT FROM unnest(claim_scopes, claim_values, claim_releases) AS c(scope, value, release)
      WHERE NOT c.release
        AND (SELECT true FROM claims k WHERE k.scope = c.scope AND k.value = c.value LIMIT 1));

  IF NOT FOUND THEN RETURN NULL; END IF;

  IF has_claims THEN
    DELETE FROM claims k USING unnest(claim_append, claim_scopes, claim_values, claim_releases)
      AS c(append, scope, value, release)
    WHERE c.release AND k.scope = c.scope AND k.value = c.value
      AND k.aggregate_type = stream_types[c.append] AND k.aggregate_id = stream_ids[c.append];

    INSERT INTO claims (scope, value, aggregate_type, aggregate_id)
    SELECT c.scope, c.value, stream_types[c.append], stream_ids[c.append]
    FROM unnest(claim_append, claim_scopes, claim_values, claim_releases) AS c(append, scope, value, release)
    WHERE NOT c.release
    ON CONFLICT (scope, value) DO NOTHING;
  END IF;

  RETURN head_before + 1;
END
$$;

REVOKE EXECUTE ON FUNCTION try_append_batch FROM PUBLIC;
