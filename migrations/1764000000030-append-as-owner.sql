-- Appends run with the rights of the log's owner, so the role of the service needs none of its own to write the log: it may
-- call append_events() and read. Whoever holds that role can neither leave a hole nor take a position that is not next.
--
-- A function that runs as its owner must not look up anything where its caller may create objects. Its search path is
-- pg_catalog alone (pg_temp last, because it would be first if it were not named), and every table is named with its
-- schema. Otherwise the bodies are those of 1764000000000.

CREATE OR REPLACE FUNCTION public.append_events(
  stream_types text[], stream_ids text[], expected integer[], event_counts integer[],
  event_append integer[], event_number integer[], event_ids uuid[], event_types text[], schema_versions integer[],
  event_data json[], event_metadata json[],
  claim_append integer[], claim_scopes text[], claim_values text[], claim_releases boolean[]
) RETURNS TABLE (append_no integer, verdict text, stream_version integer, log_position bigint, claim_no integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  event_total CONSTANT integer := cardinality(event_ids);
  has_claims CONSTANT boolean := cardinality(claim_append) > 0;
  head_before bigint;
  appended_at timestamptz;
  versions integer[];
  known integer[];
  lost integer[] := '{}';
  verdicts text[];
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

  IF versions = expected AND cardinality(known) = 0 AND cardinality(lost) = 0 THEN
    verdicts := array_fill('appended'::text, ARRAY[cardinality(expected)]);
  ELSE
    verdicts := ARRAY(
      SELECT CASE
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

  INSERT INTO public.events (
    position, event_id, event_type, schema_version, aggregate_type, aggregate_id, aggregate_version, timestamp,
    data, metadata)
  SELECT
    head_before + row_number() OVER (ORDER BY g.no), g.id, g.type, g.schema_version,
    stream_types[g.append], stream_ids[g.append], versions[g.append] + g.number, appended_at, g.data, g.metadata
  FROM unnest(event_append, event_number, event_ids, event_types, schema_versions, event_data, event_metadata)
    WITH ORDINALITY AS g(append, number, id, type, schema_version, data, metadata, no)
  WHERE verdicts[g.append] = 'appended';

  IF 'appended' <> ANY (verdicts) THEN
    UPDATE public.event_log SET head = head_before + COALESCE((
      SELECT sum(a.count) FROM unnest(event_counts, verdicts) AS a(count, verdict) WHERE a.verdict = 'appended'), 0)
    WHERE only_row;
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
  integer[], text[], text[], boolean[]) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION public.judge_append(text, text, integer, integer, uuid[]) FROM PUBLIC;
