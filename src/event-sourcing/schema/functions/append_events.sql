-- Appends a batch. Each append of it gets its own verdict, and a refused one does not touch the others:
--   appended   stored now
--   repeated   these ids were stored before, at the version that is given
--   receipt    the caller's key has a receipt already, and not from this append: whatever else, nothing of it is stored
--   version    the stream is not at the expected version, or its last event has another id than last_event_ids says
--   duplicate  an event id is in the log already
--   claim      another stream holds the claimed value claim_no
-- stream_version and log_position are those of the stream's last event after that (null in an empty stream).
-- Appends are numbered from 1 by their place in stream_types; events, claims and receipts name theirs in *_append.
-- expected: a version, or -1 for "the stream exists", or -2 for "any".
--
-- No two appends of a batch may touch the same stream, event id, claimed value or receipt; then their verdicts do not depend on each
-- other. An event is stored behind the one before it in its stream, and behind the last one of the log, whatever the other arguments
-- say: no caller can leave a hole.
--
-- An append may tell the id of the event at the version that it expects: after a failover that lost commits, another process may have
-- stored another event at the same version. The id is compared on the row that tells the version of the stream, and only there, so an
-- append that is sent again meets its own events.
--
-- It refuses any other isolation than READ COMMITTED: see lock_log(). It runs with the rights of the log's owner, so the role of the
-- service needs none to write the log. Plans are kept (generic), because to plan these statements costs more than to run them; and
-- sequential scans are off, because a plan made for an empty table must serve a full one.

CREATE OR REPLACE FUNCTION append_events(
  stream_types text[], stream_ids text[], expected integer[], event_counts integer[],
  event_append integer[], event_number integer[], event_ids uuid[], event_types text[], schema_versions integer[],
  event_data json[], event_metadata json[],
  claim_append integer[], claim_scopes text[], claim_values text[], claim_releases boolean[],
  receipt_append integer[] DEFAULT '{}', receipt_callers text[] DEFAULT '{}', receipt_keys text[] DEFAULT '{}',
  receipt_fingerprints text[] DEFAULT '{}', receipt_seconds integer[] DEFAULT '{}',
  last_event_ids uuid[] DEFAULT '{}'
) RETURNS TABLE (append_no integer, verdict text, stream_version integer, log_position bigint, claim_no integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  has_claims CONSTANT boolean := cardinality(claim_append) > 0;
  has_receipts CONSTANT boolean := cardinality(receipt_append) > 0;
  head_before bigint;
  appended_at timestamptz;
  versions integer[];
  replaced integer[];
  known integer[];
  lost integer[] := '{}';
  answered integer[] := '{}';
  late integer[];
  late_no integer;
  verdicts text[];
BEGIN
  head_before := lock_log();
  appended_at := clock_timestamp();

  SELECT
    array_agg(COALESCE(e.aggregate_version, 0) ORDER BY a.no),
    COALESCE(array_agg(a.no) FILTER (WHERE e.event_id <> a.last_event_id), '{}')
  INTO versions, replaced
  FROM unnest(stream_types, stream_ids, last_event_ids) WITH ORDINALITY AS a(type, id, last_event_id, no)
  LEFT JOIN LATERAL (
    SELECT e.aggregate_version, e.event_id FROM events e
    WHERE e.aggregate_type = a.type AND e.aggregate_id = a.id
    ORDER BY e.aggregate_version DESC LIMIT 1) AS e ON true;

  known := ARRAY(
    SELECT DISTINCT g.append FROM unnest(event_append, event_ids) AS g(append, id)
    WHERE (SELECT true FROM events e WHERE e.event_id = g.id LIMIT 1));

  IF has_claims THEN
    lost := ARRAY(
      SELECT c.no FROM unnest(claim_append, claim_scopes, claim_values, claim_releases)
        WITH ORDINALITY AS c(append, scope, value, release, no)
      JOIN claims k ON k.scope = c.scope AND k.value = c.value
      WHERE NOT c.release
        AND (k.aggregate_type <> stream_types[c.append] OR k.aggregate_id <> stream_ids[c.append]));
  END IF;

  -- A batch that is sent again, because its answer was lost, meets its own receipts: they point at its own events.
  IF has_receipts THEN
    answered := ARRAY(
      SELECT r.append FROM unnest(receipt_append, receipt_callers, receipt_keys) AS r(append, caller, key)
      WHERE (
        SELECT k.expires_at > appended_at AND NOT EXISTS (
          SELECT FROM events e
          WHERE e.aggregate_type = k.aggregate_type AND e.aggregate_id = k.aggregate_id
            AND e.aggregate_version = k.aggregate_version
            AND e.event_id IN (SELECT g.id FROM unnest(event_append, event_ids) AS g(append, id) WHERE g.append = r.append))
        FROM receipts k WHERE k.caller = r.caller AND k.key = r.key));
  END IF;

  IF versions = expected AND cardinality(replaced) = 0 AND cardinality(known) = 0 AND cardinality(lost) = 0
    AND cardinality(answered) = 0
  THEN
    verdicts := array_fill('appended'::text, ARRAY[cardinality(expected)]);
  ELSE
    verdicts := ARRAY(
      SELECT CASE
        WHEN a.no = ANY (answered) THEN 'receipt'
        WHEN (a.expected = a.version OR a.expected = -2 OR (a.expected = -1 AND a.version > 0)) AND a.no <> ALL (known)
          THEN CASE
            WHEN a.no = ANY (replaced) THEN 'version'
            WHEN a.no = ANY (SELECT claim_append[l.no] FROM unnest(lost) AS l(no)) THEN 'claim'
            ELSE 'appended'
          END
        ELSE judge_append(
          a.type, a.id, a.expected, a.version,
          ARRAY(SELECT g.id FROM unnest(event_append, event_number, event_ids) AS g(append, number, id)
                WHERE g.append = a.no ORDER BY g.number))
        END
      FROM unnest(stream_types, stream_ids, expected, versions) WITH ORDINALITY AS a(type, id, expected, version, no)
      ORDER BY a.no);
  END IF;

  -- Before the events: a receipt kept without an append does not wait for the head, and may have come in meanwhile.
  IF has_receipts THEN
    WITH kept AS (
      INSERT INTO receipts AS k (
        caller, key, fingerprint, aggregate_type, aggregate_id, aggregate_version, expires_at)
      SELECT
        r.caller, r.key, r.fingerprint, stream_types[r.append], stream_ids[r.append],
        CASE verdicts[r.append]
          WHEN 'appended' THEN versions[r.append] + event_counts[r.append]
          ELSE split_part(verdicts[r.append], ' ', 2)::integer
        END,
        appended_at + make_interval(secs => r.seconds)
      FROM unnest(receipt_append, receipt_callers, receipt_keys, receipt_fingerprints, receipt_seconds)
        AS r(append, caller, key, fingerprint, seconds)
      WHERE split_part(verdicts[r.append], ' ', 1) IN ('appended', 'repeated')
      ON CONFLICT (caller, key) DO UPDATE SET
        fingerprint = EXCLUDED.fingerprint, aggregate_type = EXCLUDED.aggregate_type,
        aggregate_id = EXCLUDED.aggregate_id, aggregate_version = EXCLUDED.aggregate_version,
        note = NULL, expires_at = EXCLUDED.expires_at
        WHERE k.expires_at <= appended_at
      RETURNING k.caller, k.key)
    SELECT array_agg(r.append) INTO late
    FROM unnest(receipt_append, receipt_callers, receipt_keys) AS r(append, caller, key)
    WHERE verdicts[r.append] = 'appended'
      AND NOT EXISTS (SELECT FROM kept WHERE kept.caller = r.caller AND kept.key = r.key);

    FOREACH late_no IN ARRAY COALESCE(late, '{}') LOOP
      verdicts[late_no] := 'receipt';
    END LOOP;
  END IF;

  INSERT INTO events (
    position, event_id, event_type, schema_version, aggregate_type, aggregate_id, aggregate_version, timestamp,
    data, metadata)
  SELECT
    head_before + row_number() OVER (ORDER BY g.no), g.id, g.type, g.schema_version,
    stream_types[g.append], stream_ids[g.append],
    versions[g.append] + row_number() OVER (PARTITION BY g.append ORDER BY g.no), appended_at, g.data, g.metadata
  FROM unnest(event_append, event_ids, event_types, schema_versions, event_data, event_metadata)
    WITH ORDINALITY AS g(append, id, type, schema_version, data, metadata, no)
  WHERE verdicts[g.append] = 'appended';

  IF has_claims THEN
    DELETE FROM claims k USING unnest(claim_append, claim_scopes, claim_values, claim_releases)
      AS c(append, scope, value, release)
    WHERE c.release AND verdicts[c.append] = 'appended' AND k.scope = c.scope AND k.value = c.value
      AND k.aggregate_type = stream_types[c.append] AND k.aggregate_id = stream_ids[c.append];

    INSERT INTO claims (scope, value, aggregate_type, aggregate_id)
    SELECT c.scope, c.value, stream_types[c.append], stream_ids[c.append]
    FROM unnest(claim_append, claim_scopes, claim_values, claim_releases) AS c(append, scope, value, release)
    WHERE NOT c.release AND verdicts[c.append] = 'appended'
    ON CONFLICT (scope, value) DO NOTHING;
  END IF;

  RETURN QUERY
    SELECT v.no::integer, v.verdict, v.version, e.position,
      (SELECT min(l.no) FROM unnest(lost) AS l(no) WHERE claim_append[l.no] = v.no)
    FROM (
      SELECT a.no, stream_types[a.no] AS type, stream_ids[a.no] AS id, split_part(a.verdict, ' ', 1) AS verdict,
        CASE split_part(a.verdict, ' ', 1)
          WHEN 'appended' THEN a.version + a.count
          WHEN 'repeated' THEN split_part(a.verdict, ' ', 2)::integer
          ELSE a.version
        END AS version
      FROM unnest(verdicts, versions, event_counts) WITH ORDINALITY AS a(verdict, version, count, no)
    ) AS v
    LEFT JOIN LATERAL (
      SELECT e.position FROM events e
      WHERE e.aggregate_type = v.type AND e.aggregate_id = v.id AND e.aggregate_version = v.version LIMIT 1
    ) AS e ON true;
END
$$;

REVOKE EXECUTE ON FUNCTION append_events FROM PUBLIC;
