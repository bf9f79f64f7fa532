-- An append may tell the id of the event at the version that it expects. A version alone does not say which event stands there:
-- after a failover that lost commits, another process may have stored another event at the same version. Such an append is
-- answered as one that expects another version. Where no id is told, and for a program that knows nothing of it, all is as before:
-- the new parameter is the last one, and has a default. Bodies, rights, search path and plans are otherwise those of
-- 1764000000060 and 1764000000070.
--
-- The id is compared on the row that tells the version of the stream, and only there: a stream at another version is judged
-- as before, so an append that is sent again meets its own events.

CREATE FUNCTION public.append_events(
  stream_types text[], stream_ids text[], expected integer[], event_counts integer[],
  event_append integer[], event_number integer[], event_ids uuid[], event_types text[], schema_versions integer[],
  event_data json[], event_metadata json[],
  claim_append integer[], claim_scopes text[], claim_values text[], claim_releases boolean[],
  receipt_append integer[] DEFAULT '{}', receipt_callers text[] DEFAULT '{}', receipt_keys text[] DEFAULT '{}',
  receipt_fingerprints text[] DEFAULT '{}', receipt_seconds integer[] DEFAULT '{}',
  last_event_ids uuid[] DEFAULT '{}'
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
  replaced integer[];
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

  SELECT
    array_agg(COALESCE(e.aggregate_version, 0) ORDER BY a.no),
    COALESCE(array_agg(a.no) FILTER (WHERE e.event_id <> a.last_event_id), '{}')
  INTO versions, replaced
  FROM unnest(stream_types, stream_ids, last_event_ids) WITH ORDINALITY AS a(type, id, last_event_id, no)
  LEFT JOIN LATERAL (
    SELECT e.aggregate_version, e.event_id FROM public.events e
    WHERE e.aggregate_type = a.type AND e.aggregate_id = a.id
    ORDER BY e.aggregate_version DESC LIMIT 1) AS e ON true;

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

-- Where the last event has another id, its version is told too great by one, so that the stream is not where it is expected.
CREATE FUNCTION public.try_append_batch(
  stream_types text[], stream_ids text[], expected integer[],
  event_ids uuid[], event_types text[], schema_versions integer[], event_data json[], event_metadata json[],
  claim_append integer[] DEFAULT '{}', claim_scopes text[] DEFAULT '{}', claim_values text[] DEFAULT '{}',
  claim_releases boolean[] DEFAULT '{}', last_event_ids uuid[] DEFAULT '{}'
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
      SELECT FROM unnest(stream_types, stream_ids, expected, last_event_ids) AS a(type, id, version, last_event_id)
      WHERE (
        SELECT e.aggregate_version + CASE WHEN e.event_id <> a.last_event_id THEN 1 ELSE 0 END FROM public.events e
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
  id uuid, type text, schema_version integer, data json, metadata json, last_event_id uuid DEFAULT NULL
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
      SELECT e.aggregate_version + CASE WHEN e.event_id <> last_event_id THEN 1 ELSE 0 END FROM public.events e
      WHERE e.aggregate_type = stream_type AND e.aggregate_id = stream_id AND e.aggregate_version >= expected
      ORDER BY e.aggregate_version DESC LIMIT 1) IS NOT DISTINCT FROM NULLIF(expected, 0);

  IF FOUND THEN RETURN head_after; END IF;
  UPDATE public.event_log SET head = head_after - 1 WHERE only_row;
  RETURN NULL;
END
$$;


REVOKE EXECUTE ON FUNCTION public.append_events(
  text[], text[], integer[], integer[], integer[], integer[], uuid[], text[], integer[], json[], json[],
  integer[], text[], text[], boolean[], integer[], text[], text[], text[], integer[], uuid[]) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION public.try_append_batch(
  text[], text[], integer[], uuid[], text[], integer[], json[], json[], integer[], text[], text[], boolean[],
  uuid[]) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION public.try_append_event(text, text, integer, uuid, text, integer, json, json, uuid) FROM PUBLIC;

-- Whoever may execute a function of before may execute the one in its place.
DO $$
DECLARE
  new_function regprocedure;
  grantee text;
BEGIN
  FOR new_function, grantee IN
    SELECT new.oid, CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE acl.grantee::regrole::text END
    FROM pg_proc old
    JOIN pg_proc new ON new.pronamespace = old.pronamespace AND new.proname = old.proname AND new.pronargs = old.pronargs + 1,
      aclexplode(old.proacl) AS acl
    WHERE old.pronamespace = 'public'::regnamespace
      AND old.proname IN ('append_events', 'try_append_batch', 'try_append_event')
      AND acl.privilege_type = 'EXECUTE' AND acl.grantee <> old.proowner
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', new_function, grantee);
  END LOOP;
END
$$;

DROP FUNCTION public.append_events(
  text[], text[], integer[], integer[], integer[], integer[], uuid[], text[], integer[], json[], json[],
  integer[], text[], text[], boolean[], integer[], text[], text[], text[], integer[]);
DROP FUNCTION public.try_append_batch(
  text[], text[], integer[], uuid[], text[], integer[], json[], json[], integer[], text[], text[], boolean[]);
DROP FUNCTION public.try_append_event(text, text, integer, uuid, text, integer, json, json);
