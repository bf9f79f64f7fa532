-- The head moves by what was inserted, and an event stands behind the one before it in its stream, whatever the arguments say.
-- Both followed the arguments: a caller whose event_append named no append, or whose event_counts or event_number were
-- not those of its events, could leave a hole in the log or in a stream.
-- All else is as in 1764000000020, with the rights and the search path of 1764000000030.
CREATE OR REPLACE FUNCTION public.append_events(
  stream_types text[], stream_ids text[], expected integer[], event_counts integer[],
  event_append integer[], event_number integer[], event_ids uuid[], event_types text[], schema_versions integer[],
  event_data json[], event_metadata json[],
  claim_append integer[], claim_scopes text[], claim_values text[], claim_releases boolean[],
  receipt_append integer[] DEFAULT '{}', receipt_callers text[] DEFAULT '{}', receipt_keys text[] DEFAULT '{}',
  receipt_fingerprints text[] DEFAULT '{}', receipt_seconds integer[] DEFAULT '{}'
) RETURNS TABLE (append_no integer, verdict text, stream_version integer, log_position bigint, claim_no integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  event_total CONSTANT integer := cardinality(event_ids);
  has_claims CONSTANT boolean := cardinality(claim_append) > 0;
  has_receipts CONSTANT boolean := cardinality(receipt_append) > 0;
  head_before bigint;
  appended_at timestamptz;
  versions integer[];
  known integer[];
  lost integer[] := '{}';
  answered integer[] := '{}';
  late integer[];
  late_no integer;
  verdicts text[];
  inserted integer;
BEGIN
  UPDATE public.event_log SET head = head + event_total WHERE only_row RETURNING head - event_total INTO STRICT head_before;
  appended_at := clock_timestamp();

  versions := ARRAY(
    SELECT COALESCE((
      SELECT e.aggregate_version FROM public.events e
      WHERE e.aggregate_type = a.type AND e.aggregate_id = a.id
      ORDER BY e.aggregate_version DESC LIMIT 1), 0)
    FROM unnest(stream_types, stream_ids) WITH ORDINALITY AS a(type, id, no)
    ORDER BY a.no);

  known := ARRAY(
    SELECT DISTINCT g.append FROM unnest(event_append, event_ids) AS g(append, id)
    WHERE (SELECT true FROM public.events e WHERE e.event_id = g.id LIMIT 1));

  IF has_claims THEN
    lost := ARRAY(
      SELECT c.no FROM unnest(claim_append, claim_scopes, claim_values, claim_releases)
        WITH ORDINALITY AS c(append, scope, value, release, no)
      JOIN public.claims k ON k.scope = c.scope AND k.value = c.value
      WHERE NOT c.release
        AND (k.aggregate_type <> stream_types[c.append] OR k.aggregate_id <> stream_ids[c.append]));
  END IF;

  -- A batch that is sent again, because its answer was lost, meets its own receipts: they point at its own events.
  IF has_receipts THEN
    answered := ARRAY(
      SELECT r.append FROM unnest(receipt_append, receipt_callers, receipt_keys) AS r(append, caller, key)
      WHERE (
        SELECT k.expires_at > appended_at AND NOT EXISTS (
          SELECT FROM public.events e
          WHERE e.aggregate_type = k.aggregate_type AND e.aggregate_id = k.aggregate_id
            AND e.aggregate_version = k.aggregate_version
            AND e.event_id IN (SELECT g.id FROM unnest(event_append, event_ids) AS g(append, id) WHERE g.append = r.append))
        FROM public.receipts k WHERE k.caller = r.caller AND k.key = r.key));
  END IF;

  IF versions = expected AND cardinality(known) = 0 AND cardinality(lost) = 0 AND cardinality(answered) = 0 THEN
    verdicts := array_fill('appended'::text, ARRAY[cardinality(expected)]);
  ELSE
    verdicts := ARRAY(
      SELECT CASE
        WHEN a.no = ANY (answered) THEN 'receipt'
        WHEN (a.expected = a.version OR a.expected = -2 OR (a.expected = -1 AND a.version > 0)) AND a.no <> ALL (known)
          THEN CASE WHEN a.no = ANY (SELECT claim_append[l.no] FROM unnest(lost) AS l(no)) THEN 'claim' ELSE 'appended' END
        ELSE public.judge_append(
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
      INSERT INTO public.receipts AS k (
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

  INSERT INTO public.events (
    position, event_id, event_type, schema_version, aggregate_type, aggregate_id, aggregate_version, timestamp,
    data, metadata)
  SELECT
    head_before + row_number() OVER (ORDER BY g.no), g.id, g.type, g.schema_version,
    stream_types[g.append], stream_ids[g.append],
    versions[g.append] + row_number() OVER (PARTITION BY g.append ORDER BY g.no), appended_at, g.data, g.metadata
  FROM unnest(event_append, event_ids, event_types, schema_versions, event_data, event_metadata)
    WITH ORDINALITY AS g(append, id, type, schema_version, data, metadata, no)
  WHERE verdicts[g.append] = 'appended';

  GET DIAGNOSTICS inserted = ROW_COUNT;
  IF inserted <> event_total THEN
    UPDATE public.event_log SET head = head_before + inserted WHERE only_row;
  END IF;

  IF has_claims THEN
    DELETE FROM public.claims k USING unnest(claim_append, claim_scopes, claim_values, claim_releases)
      AS c(append, scope, value, release)
    WHERE c.release AND verdicts[c.append] = 'appended' AND k.scope = c.scope AND k.value = c.value
      AND k.aggregate_type = stream_types[c.append] AND k.aggregate_id = stream_ids[c.append];

    INSERT INTO public.claims (scope, value, aggregate_type, aggregate_id)
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
      SELECT e.position FROM public.events e
      WHERE e.aggregate_type = v.type AND e.aggregate_id = v.id AND e.aggregate_version = v.version LIMIT 1
    ) AS e ON true;
END
$$;
