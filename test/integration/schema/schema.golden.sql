CREATE SCHEMA annals;

CREATE TABLE annals.claims (
  scope text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  aggregate_type text COLLATE "C" NOT NULL,
  aggregate_id text COLLATE "C" NOT NULL
);
ALTER TABLE annals.claims ADD CONSTRAINT claims_scope_value PRIMARY KEY (scope, value);
COMMENT ON TABLE annals.claims IS 'Values that one stream at a time may hold.';

CREATE TABLE annals.discarded_events (
  subscription text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  reason text NOT NULL,
  actor text NOT NULL,
  error text,
  attempts integer NOT NULL,
  discarded_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  superseded boolean NOT NULL DEFAULT false
);
ALTER TABLE annals.discarded_events ADD CONSTRAINT discarded_events_position PRIMARY KEY (subscription, "position", discarded_at);
ALTER TABLE annals.discarded_events ADD CONSTRAINT discarded_events_reason_check CHECK ((reason <> ''::text));
COMMENT ON TABLE annals.discarded_events IS 'Events that an operator gave up, and why. Kept for good.';
COMMENT ON COLUMN annals.discarded_events.superseded IS 'The rows were rebuilt since, and the new rows have met the event again.';

CREATE TABLE annals.event_log (
  only_row boolean NOT NULL DEFAULT true,
  log_id uuid NOT NULL DEFAULT gen_random_uuid()
);
ALTER TABLE annals.event_log ADD CONSTRAINT event_log_only_row_check CHECK (only_row);
ALTER TABLE annals.event_log ADD CONSTRAINT event_log_pkey PRIMARY KEY (only_row);
COMMENT ON TABLE annals.event_log IS 'One row, which stands for the log. An append locks it until it commits, and never changes it.';
COMMENT ON COLUMN annals.event_log.log_id IS 'Made once for each log. A copy of the database has the same.';

CREATE TABLE annals.events (
  position bigint NOT NULL,
  event_id uuid NOT NULL,
  event_type text NOT NULL,
  schema_version integer NOT NULL,
  aggregate_type text COLLATE "C" NOT NULL,
  aggregate_id text COLLATE "C" NOT NULL,
  aggregate_version integer NOT NULL,
  timestamp timestamp with time zone NOT NULL,
  data json NOT NULL,
  metadata json NOT NULL
);
ALTER TABLE annals.events ADD CONSTRAINT events_aggregate_version_check CHECK ((aggregate_version > 0));
ALTER TABLE annals.events ADD CONSTRAINT events_event_id UNIQUE (event_id);
ALTER TABLE annals.events ADD CONSTRAINT events_position PRIMARY KEY ("position");
ALTER TABLE annals.events ADD CONSTRAINT events_schema_version_check CHECK ((schema_version > 0));
ALTER TABLE annals.events ADD CONSTRAINT events_stream_version UNIQUE (aggregate_type, aggregate_id, aggregate_version);
CREATE TRIGGER events_are_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON annals.events FOR EACH STATEMENT EXECUTE FUNCTION annals.refuse_change_of_events();
COMMENT ON COLUMN annals.events.position IS 'Place in the whole log: 1, 2, 3 … without holes, in the order of commits.';
COMMENT ON COLUMN annals.events.aggregate_version IS 'Place in the stream: 1, 2, 3 … without holes.';
COMMENT ON COLUMN annals.events.timestamp IS 'The clock of this server at the append.';

CREATE TABLE annals.parked_events (
  subscription text COLLATE "C" NOT NULL,
  segment integer NOT NULL DEFAULT 0,
  position bigint NOT NULL,
  aggregate_type text COLLATE "C" NOT NULL,
  aggregate_id text COLLATE "C" NOT NULL,
  state text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  category text,
  error text,
  stack text,
  first_failed_at timestamp with time zone,
  last_failed_at timestamp with time zone,
  next_attempt_at timestamp with time zone
);
ALTER TABLE annals.parked_events ADD CONSTRAINT parked_events_position PRIMARY KEY (subscription, "position");
ALTER TABLE annals.parked_events ADD CONSTRAINT parked_events_retry CHECK (((state = 'retrying'::text) = (next_attempt_at IS NOT NULL)));
ALTER TABLE annals.parked_events ADD CONSTRAINT parked_events_state_check CHECK ((state = ANY (ARRAY['retrying'::text, 'parked'::text, 'waiting'::text])));
CREATE INDEX parked_events_due ON annals.parked_events USING btree (subscription, next_attempt_at) WHERE (state = 'retrying'::text);
CREATE INDEX parked_events_stream ON annals.parked_events USING btree (subscription, aggregate_type, aggregate_id, "position");
COMMENT ON COLUMN annals.parked_events.category IS 'Kind of the last failure, which tells whose it is; null while the event waits.';

CREATE TABLE annals.read_model_tables (
  table_name text COLLATE "C" NOT NULL,
  projection text NOT NULL,
  recorded_at timestamp with time zone NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE annals.read_model_tables ADD CONSTRAINT read_model_tables_name PRIMARY KEY (table_name);
COMMENT ON TABLE annals.read_model_tables IS 'Which projection writes a table.';
COMMENT ON COLUMN annals.read_model_tables.table_name IS 'With its schema, quoted where SQL wants it.';

CREATE TABLE annals.rebuilds (
  projection text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  segments integer NOT NULL,
  table_names text[] NOT NULL,
  is_held boolean NOT NULL,
  actor text NOT NULL,
  started_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  trouble text
);
ALTER TABLE annals.rebuilds ADD CONSTRAINT rebuilds_projection PRIMARY KEY (projection);
ALTER TABLE annals.rebuilds ADD CONSTRAINT rebuilds_segments_check CHECK ((segments > 0));
ALTER TABLE annals.rebuilds ADD CONSTRAINT rebuilds_version_check CHECK ((version > 0));
COMMENT ON TABLE annals.rebuilds IS 'Rebuilds of read models that are under way.';
COMMENT ON COLUMN annals.rebuilds.is_held IS 'The rebuilt rows are not swapped in by themselves: an operator wants to compare them first.';
COMMENT ON COLUMN annals.rebuilds.trouble IS 'What hinders the swap, or made the rebuild start over; null when nothing does.';

CREATE TABLE annals.receipts (
  caller text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  fingerprint text NOT NULL,
  aggregate_type text COLLATE "C",
  aggregate_id text COLLATE "C",
  aggregate_version integer,
  note text,
  expires_at timestamp with time zone NOT NULL
);
ALTER TABLE annals.receipts ADD CONSTRAINT receipts_caller_key PRIMARY KEY (caller, key);
ALTER TABLE annals.receipts ADD CONSTRAINT receipts_content CHECK ((num_nonnulls(aggregate_type, aggregate_id, aggregate_version) =
CASE
    WHEN (note IS NULL) THEN 3
    ELSE 0
END));
CREATE INDEX receipts_expires_at ON annals.receipts USING btree (expires_at);
COMMENT ON COLUMN annals.receipts.fingerprint IS 'What the request asked for, in short: another one under the same key is refused.';
COMMENT ON COLUMN annals.receipts.aggregate_version IS 'Where the append left its stream; 0 is an empty stream.';
COMMENT ON COLUMN annals.receipts.note IS 'What is kept of a request that appended nothing.';

CREATE TABLE annals.schema_files (
  file text COLLATE "C" NOT NULL,
  checksum text COLLATE "C" NOT NULL,
  ran_at timestamp with time zone NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE annals.schema_files ADD CONSTRAINT schema_files_file PRIMARY KEY (file, checksum);
COMMENT ON TABLE annals.schema_files IS 'The files of SQL that made this schema, in every text that was run.';

CREATE TABLE annals.subscription_members (
  subscription text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  lease_seconds double precision NOT NULL DEFAULT 5
) WITH (fillfactor=10, autovacuum_vacuum_threshold=200, autovacuum_vacuum_scale_factor=0);
ALTER TABLE annals.subscription_members ADD CONSTRAINT subscription_members_lease_seconds_check CHECK ((lease_seconds > (0)::double precision));
ALTER TABLE annals.subscription_members ADD CONSTRAINT subscription_members_owner PRIMARY KEY (subscription, owner);
COMMENT ON TABLE annals.subscription_members IS 'The processes that can run a divided subscription. They share its segments evenly.';

CREATE TABLE annals.subscriptions (
  name text COLLATE "C" NOT NULL,
  segment integer NOT NULL DEFAULT 0,
  segments integer NOT NULL DEFAULT 1,
  kind text NOT NULL DEFAULT 'projector'::text,
  version integer NOT NULL,
  position bigint NOT NULL DEFAULT 0,
  seen numeric(20,0) NOT NULL DEFAULT 0,
  started_after bigint NOT NULL DEFAULT 0,
  owner text,
  epoch bigint NOT NULL DEFAULT 0,
  lease_expires_at timestamp with time zone,
  lease_seconds double precision NOT NULL DEFAULT 5,
  paused boolean NOT NULL DEFAULT false,
  failure text,
  failed_at timestamp with time zone,
  rebuilt_at timestamp with time zone
) WITH (fillfactor=10, autovacuum_vacuum_threshold=200, autovacuum_vacuum_scale_factor=0);
ALTER TABLE annals.subscriptions ADD CONSTRAINT subscriptions_kind_check CHECK ((kind = ANY (ARRAY['projector'::text, 'handler'::text])));
ALTER TABLE annals.subscriptions ADD CONSTRAINT subscriptions_lease CHECK (((owner IS NULL) = (lease_expires_at IS NULL)));
ALTER TABLE annals.subscriptions ADD CONSTRAINT subscriptions_lease_seconds_check CHECK ((lease_seconds > (0)::double precision));
ALTER TABLE annals.subscriptions ADD CONSTRAINT subscriptions_name_segment PRIMARY KEY (name, segment);
ALTER TABLE annals.subscriptions ADD CONSTRAINT subscriptions_position_check CHECK (("position" >= 0));
ALTER TABLE annals.subscriptions ADD CONSTRAINT subscriptions_segment_of CHECK (((segment >= 0) AND (segment < segments)));
ALTER TABLE annals.subscriptions ADD CONSTRAINT subscriptions_version_check CHECK ((version > 0));
COMMENT ON COLUMN annals.subscriptions.segment IS 'Each stream belongs to one segment of a divided subscription.';
COMMENT ON COLUMN annals.subscriptions.version IS 'Version of the projector that made the rows.';
COMMENT ON COLUMN annals.subscriptions.position IS 'Checkpoint: position of the last event that the rows hold.';
COMMENT ON COLUMN annals.subscriptions.seen IS 'Proof that the checkpoint passed every event: the sum, modulo 2^64, of the last 64 bits of their ids.';
COMMENT ON COLUMN annals.subscriptions.started_after IS 'The checkpoint with which "seen" began.';
COMMENT ON COLUMN annals.subscriptions.lease_seconds IS 'Length of the lease. A lease that runs out much later was stamped by another clock, of a server that was replaced.';
COMMENT ON COLUMN annals.subscriptions.failure IS 'Why the subscription stands still; null while it goes on.';
COMMENT ON COLUMN annals.subscriptions.rebuilt_at IS 'When rebuilt rows were last swapped in.';

CREATE VIEW annals.these_tables_are_of_the_log AS
 SELECT e."position",
    e.aggregate_version,
    l.only_row,
    l.log_id,
    c.scope,
    r.fingerprint,
    s.epoch,
    p.first_failed_at,
    d.discarded_at,
    m.expires_at,
    b.is_held,
    t.projection
   FROM annals.events e,
    annals.event_log l,
    annals.claims c,
    annals.receipts r,
    annals.subscriptions s,
    annals.parked_events p,
    annals.discarded_events d,
    annals.subscription_members m,
    annals.rebuilds b,
    annals.read_model_tables t
  WHERE false;
COMMENT ON VIEW annals.these_tables_are_of_the_log IS 'Keeps schema tools from dropping columns of these tables. Nobody reads it.';

CREATE OR REPLACE FUNCTION annals.align_shadow_table(live regclass, shadow regclass)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'annals', 'pg_temp'
AS $function$
DECLARE
  steps text[];
  step text;
BEGIN
  steps := ARRAY(
    SELECT s.unmake FROM table_facts(shadow) AS s LEFT JOIN table_facts(live) AS l USING (kind, name)
    WHERE s.definition IS DISTINCT FROM l.definition AND s.unmake IS NOT NULL ORDER BY s.step DESC);
  FOREACH step IN ARRAY steps LOOP EXECUTE step; END LOOP;
  steps := ARRAY(
    SELECT l.make FROM table_facts(live) AS l LEFT JOIN table_facts(shadow) AS s USING (kind, name)
    WHERE l.definition IS DISTINCT FROM s.definition AND l.make IS NOT NULL ORDER BY l.step);
  FOREACH step IN ARRAY steps LOOP EXECUTE step; END LOOP;
END
$function$;
-- EXECUTE TO PUBLIC, EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.append_events(stream_types text[], stream_ids text[], expected integer[], event_counts integer[], event_append integer[], event_number integer[], event_ids uuid[], event_types text[], schema_versions integer[], event_data json[], event_metadata json[], claim_append integer[], claim_scopes text[], claim_values text[], claim_releases boolean[], receipt_append integer[] DEFAULT '{}'::integer[], receipt_callers text[] DEFAULT '{}'::text[], receipt_keys text[] DEFAULT '{}'::text[], receipt_fingerprints text[] DEFAULT '{}'::text[], receipt_seconds integer[] DEFAULT '{}'::integer[], last_event_ids uuid[] DEFAULT '{}'::uuid[])
 RETURNS TABLE(append_no integer, verdict text, stream_version integer, log_position bigint, claim_no integer)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'annals', 'pg_temp'
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
$function$;
-- EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.dependents_of(of_table regclass)
 RETURNS TABLE(class_id oid, object_id oid, is_own boolean, described text)
 LANGUAGE sql
 STABLE
 SET search_path TO 'annals', 'pg_temp'
AS $function$
  WITH RECURSIVE own (class_id, object_id) AS (
    SELECT 'pg_class'::regclass::oid, of_table::oid
    UNION
    SELECT d.classid, d.objid FROM pg_depend AS d JOIN own ON d.refclassid = own.class_id AND d.refobjid = own.object_id
    WHERE d.deptype IN ('a', 'i', 'P', 'S')
  )
  SELECT class_id, object_id, true, pg_describe_object(class_id, object_id, 0) FROM own WHERE object_id <> of_table
  UNION
  SELECT d.classid, d.objid, false,
    COALESCE('view ' || (SELECT r.ev_class::regclass::text FROM pg_rewrite AS r WHERE d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid),
      pg_describe_object(d.classid, d.objid, d.objsubid))
  FROM pg_depend AS d JOIN own ON d.refclassid = own.class_id AND d.refobjid = own.object_id
  WHERE d.deptype NOT IN ('a', 'i', 'P', 'S') AND (d.classid, d.objid) NOT IN (SELECT class_id, object_id FROM own)
$function$;
-- EXECUTE TO PUBLIC, EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.grants_of(of_table regclass)
 RETURNS TABLE(column_name name, item text)
 LANGUAGE sql
 STABLE
 SET search_path TO 'annals', 'pg_temp'
AS $function$
  SELECT NULL, unnest(COALESCE(relacl, acldefault('r', relowner)))::text FROM pg_class WHERE oid = of_table
  UNION ALL
  SELECT attname, unnest(attacl)::text FROM pg_attribute WHERE attrelid = of_table AND NOT attisdropped
$function$;
-- EXECUTE TO PUBLIC, EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.identity_sequences(of_table regclass)
 RETURNS TABLE(column_name name, sequence_id regclass)
 LANGUAGE sql
 STABLE
 SET search_path TO 'annals', 'pg_temp'
AS $function$
  SELECT a.attname, d.objid::regclass
  FROM pg_depend AS d JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
  WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = of_table AND d.classid = 'pg_class'::regclass AND d.deptype = 'i'
$function$;
-- EXECUTE TO PUBLIC, EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.judge_append(stream_type text, stream_id text, expected integer, stream_version integer, ids uuid[])
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'annals', 'pg_temp'
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
$function$;
-- EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.lock_log()
 RETURNS bigint
 LANGUAGE plpgsql
 SET search_path TO 'annals', 'pg_temp'
 SET enable_seqscan TO 'off'
AS $function$
DECLARE
  last_position bigint;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'An append needs a transaction at READ COMMITTED, and this one is at %.',
      upper(current_setting('transaction_isolation'))
      USING ERRCODE = 'invalid_transaction_state';
  END IF;

  PERFORM FROM event_log WHERE only_row FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'The log cannot be locked: its table event_log has no row.' USING ERRCODE = 'no_data_found';
  END IF;

  SELECT e.position INTO last_position FROM events e ORDER BY e.position DESC LIMIT 1;
  RETURN COALESCE(last_position, 0);
END
$function$;
-- EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.make_shadow_table(live regclass)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'annals', 'pg_temp'
AS $function$
DECLARE
  table_name CONSTANT name := (SELECT relname FROM pg_class WHERE oid = live);
  shadow regclass;
  live_numbers regclass;
  shadow_numbers regclass;
  numbers_name name;
  problem text;
BEGIN
  problem := what_cannot_be_copied(live);
  IF problem IS NOT NULL THEN
    RAISE EXCEPTION 'a copy of table % would lose %', table_name, problem
      USING ERRCODE = 'feature_not_supported', HINT = 'Drop it, and create it again when the rebuilt rows were swapped in.';
  END IF;
  EXECUTE (
    SELECT format(
      'CREATE %s TABLE %I.%I (LIKE %s INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING IDENTITY INCLUDING STORAGE INCLUDING COMPRESSION) '
      'USING %I', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED' END, shadow_schema(), table_name, live, m.amname)
    FROM pg_class AS c JOIN pg_am AS m ON m.oid = c.relam WHERE c.oid = live);
  shadow := shadow_of(live);

  -- LIKE gives each sequence the type bigint, and a name of its own making.
  FOR live_numbers, shadow_numbers IN
    SELECT l.sequence_id, s.sequence_id
    FROM identity_sequences(live) AS l JOIN identity_sequences(shadow) AS s USING (column_name)
  LOOP
    EXECUTE (
      SELECT format('ALTER SEQUENCE %s AS %s', shadow_numbers, format_type(seqtypid, NULL))
      FROM pg_sequence WHERE seqrelid = live_numbers);
    numbers_name := (SELECT relname FROM pg_class WHERE oid = live_numbers);
    IF numbers_name <> (SELECT relname FROM pg_class WHERE oid = shadow_numbers) THEN
      EXECUTE format('ALTER SEQUENCE %s RENAME TO %I', shadow_numbers, numbers_name);
    END IF;
  END LOOP;

  PERFORM align_shadow_table(live, shadow);
  problem := table_differences(live, shadow);
  IF problem IS NOT NULL THEN
    RAISE EXCEPTION 'a copy of table % would differ from it in: %', table_name, problem
      USING ERRCODE = 'feature_not_supported', HINT = 'Change the table so that it has none of that, or a role that may copy it.';
  END IF;
END
$function$;
-- EXECUTE TO PUBLIC, EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.old_schema()
 RETURNS name
 LANGUAGE sql
 STABLE
 SET search_path TO 'annals', 'pg_temp'
AS $function$
  SELECT (current_schema() || '_old')::name
$function$;
-- EXECUTE TO PUBLIC, EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.refuse_change_of_events()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'annals', 'pg_temp'
AS $function$
BEGIN
  RAISE EXCEPTION 'The log is immutable: % of events is refused.', TG_OP
    USING ERRCODE = 'insufficient_privilege', HINT = 'Append an event that corrects the earlier one.';
END
$function$;
-- EXECUTE TO PUBLIC, EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.rename_projection(old_name text, new_name text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'annals', 'pg_temp'
AS $function$
BEGIN
  LOCK TABLE subscriptions IN SHARE ROW EXCLUSIVE MODE;
  IF NOT EXISTS (SELECT FROM subscriptions WHERE name = old_name AND kind = 'projector') THEN
    RAISE EXCEPTION 'There is no checkpoint of a projection "%".', old_name USING ERRCODE = 'no_data_found';
  END IF;
  IF EXISTS (SELECT FROM subscriptions WHERE name = new_name) THEN
    RAISE EXCEPTION 'There is a checkpoint of "%" already.', new_name USING ERRCODE = 'unique_violation';
  END IF;
  IF EXISTS (SELECT FROM rebuilds WHERE projection = old_name) THEN
    RAISE EXCEPTION 'The rows of "%" are being rebuilt. Wait for the end, or cancel the rebuild.', old_name
      USING ERRCODE = 'object_in_use';
  END IF;
  IF EXISTS (SELECT FROM subscriptions WHERE name = old_name AND lease_expires_at > clock_timestamp()) THEN
    RAISE EXCEPTION 'A process runs "%". Stop it first.', old_name USING ERRCODE = 'object_in_use';
  END IF;
  UPDATE subscriptions SET name = new_name, epoch = epoch + 1, owner = NULL, lease_expires_at = NULL WHERE name = old_name;
  UPDATE parked_events SET subscription = new_name WHERE subscription = old_name;
  UPDATE discarded_events SET subscription = new_name WHERE subscription = old_name;
  DELETE FROM subscription_members WHERE subscription = old_name;
  UPDATE read_model_tables SET projection = new_name WHERE projection = old_name;
END
$function$;
-- EXECUTE TO PUBLIC, EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.shadow_of(live regclass)
 RETURNS regclass
 LANGUAGE sql
 STABLE
 SET search_path TO 'annals', 'pg_temp'
AS $function$
  SELECT to_regclass(format('%I.%I', shadow_schema(), relname)) FROM pg_class WHERE oid = live
$function$;
-- EXECUTE TO PUBLIC, EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.shadow_schema()
 RETURNS name
 LANGUAGE sql
 STABLE
 SET search_path TO 'annals', 'pg_temp'
AS $function$
  SELECT (current_schema() || '_shadow')::name
$function$;
-- EXECUTE TO PUBLIC, EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.shadow_table_problem(live regclass)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'annals', 'pg_temp'
AS $function$
  SELECT NULLIF(concat_ws(', ', what_cannot_be_copied(live), what_cannot_be_copied(shadow), table_differences(live, shadow)), '')
  FROM shadow_of(live) AS shadow
$function$;
-- EXECUTE TO PUBLIC, EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.swap_table(live regclass)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'annals', 'pg_temp'
AS $function$
DECLARE
  shadow CONSTANT regclass := shadow_of(live);
  home CONSTANT regnamespace := (SELECT relnamespace FROM pg_class WHERE oid = live);
  live_statistics CONSTANT text[] := ARRAY(
    SELECT format('%s.%I', stxnamespace::regnamespace, stxname) FROM pg_statistic_ext WHERE stxrelid = live);
  shadow_statistics CONSTANT text[] := ARRAY(
    SELECT format('%s.%I', stxnamespace::regnamespace, stxname) FROM pg_statistic_ext WHERE stxrelid = shadow);
  live_numbers regclass;
  shadow_numbers regclass;
  direction integer;
  problem text;
  object text;
BEGIN
  EXECUTE format('ALTER TABLE %s SET SCHEMA %I', live, old_schema());
  FOREACH object IN ARRAY live_statistics LOOP
    EXECUTE format('ALTER STATISTICS %s SET SCHEMA %I', object, old_schema());
  END LOOP;

  problem := what_cannot_be_copied(live);
  IF problem IS NOT NULL OR EXISTS (
    (SELECT * FROM grants_of(live) EXCEPT SELECT * FROM grants_of(shadow))
    UNION ALL (SELECT * FROM grants_of(shadow) EXCEPT SELECT * FROM grants_of(live)))
  THEN
    RAISE EXCEPTION 'table % has changed since its copy was made: %', (SELECT relname FROM pg_class WHERE oid = live),
      COALESCE(problem, 'its grants differ')
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;

  FOR live_numbers, shadow_numbers, direction IN
    SELECT l.sequence_id, s.sequence_id, sign(q.seqincrement)
    FROM identity_sequences(live) AS l JOIN identity_sequences(shadow) AS s USING (column_name)
      JOIN pg_sequence AS q ON q.seqrelid = l.sequence_id
  LOOP
    IF pg_sequence_last_value(shadow_numbers) IS NULL
      OR (pg_sequence_last_value(live_numbers) - pg_sequence_last_value(shadow_numbers)) * direction > 0
    THEN
      PERFORM setval(shadow_numbers, pg_sequence_last_value(live_numbers));
    END IF;
  END LOOP;

  EXECUTE format('ALTER TABLE %s SET SCHEMA %s', shadow, home);
  FOREACH object IN ARRAY shadow_statistics LOOP
    EXECUTE format('ALTER STATISTICS %s SET SCHEMA %s', object, home);
  END LOOP;
END
$function$;
-- EXECUTE TO PUBLIC, EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.table_differences(live regclass, shadow regclass)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'annals', 'pg_temp'
AS $function$
  SELECT string_agg(
    concat_ws(' ', kind, NULLIF(name, ''),
      CASE
        WHEN l.definition IS NULL THEN '(only in the new table)'
        WHEN s.definition IS NULL THEN '(only in the live table)'
        ELSE '(differs)'
      END),
    ', ' ORDER BY COALESCE(l.step, s.step), kind, name)
  FROM table_facts(live) AS l FULL JOIN table_facts(shadow) AS s USING (kind, name)
  WHERE l.definition IS DISTINCT FROM s.definition
$function$;
-- EXECUTE TO PUBLIC, EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.table_facts(of_table regclass)
 RETURNS TABLE(step integer, kind text, name text, definition text, make text, unmake text)
 LANGUAGE sql
 STABLE
 SET search_path TO 'annals', 'pg_temp'
AS $function$
  WITH t AS (
    SELECT c.*, format('%I.%I', shadow_schema(), c.relname) AS target FROM pg_class AS c WHERE c.oid = of_table
  ), relation_space AS (
    SELECT c.oid, s.spcname
    FROM pg_class AS c JOIN pg_database AS d ON d.datname = current_database()
      JOIN pg_tablespace AS s ON s.oid = CASE c.reltablespace WHEN 0 THEN d.dattablespace ELSE c.reltablespace END
    WHERE c.oid = of_table OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = of_table)
  ), columns AS (
    SELECT t.target, a.*, to_jsonb(a) AS told, row_number() OVER (ORDER BY a.attnum) AS nth
    FROM t JOIN pg_attribute AS a ON a.attrelid = t.oid WHERE a.attnum > 0 AND NOT a.attisdropped
  ), indexes AS (
    SELECT t.target, c.oid, c.relname, c.reloptions, i.indisclustered, i.indisreplident, to_jsonb(i) AS told,
      format('CREATE %sINDEX %I ON ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, c.relname) AS beginning,
      substr(pg_get_indexdef(c.oid), 1 + length(format('CREATE %sINDEX %I ON %I.%I ',
        CASE WHEN i.indisunique THEN 'UNIQUE ' END, c.relname, n.nspname, t.relname))) AS rest,
      EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = c.oid AND k.conrelid = t.oid) AS of_constraint
    FROM t JOIN pg_namespace AS n ON n.oid = t.relnamespace
      JOIN pg_index AS i ON i.indrelid = t.oid JOIN pg_class AS c ON c.oid = i.indexrelid
  ), statistics AS (
    SELECT t.target, s.*, to_jsonb(s) AS told, CASE WHEN s.stxnamespace <> t.relnamespace THEN s.stxnamespace::regnamespace END AS elsewhere
    FROM t JOIN pg_statistic_ext AS s ON s.stxrelid = t.oid
  ), grants AS (
    SELECT t.target, '' AS column_name, t.relowner, a.*
    FROM t, aclexplode(COALESCE(t.relacl, acldefault('r', t.relowner))) WITH ORDINALITY AS a (grantor, grantee, privilege_type, is_grantable, nth)
    UNION ALL
    SELECT t.target, format(' (%I)', c.attname), t.relowner, a.*
    FROM t JOIN columns AS c ON true, aclexplode(c.attacl) WITH ORDINALITY AS a (grantor, grantee, privilege_type, is_grantable, nth)
  )

  SELECT 1, 'owner', '', relowner::regrole::text, format('ALTER TABLE %s OWNER TO %s', target, relowner::regrole), NULL FROM t

  UNION ALL
  SELECT 2, 'property', p.key, p.value,
    CASE p.key
      WHEN 'relrowsecurity' THEN format('ALTER TABLE %s %s ROW LEVEL SECURITY', target, CASE WHEN relrowsecurity THEN 'ENABLE' ELSE 'DISABLE' END)
      WHEN 'relforcerowsecurity' THEN format('ALTER TABLE %s %s ROW LEVEL SECURITY', target, CASE WHEN relforcerowsecurity THEN 'FORCE' ELSE 'NO FORCE' END)
    END, NULL
  FROM t, jsonb_each_text(to_jsonb(t) - ARRAY[
    'target', 'oid', 'relname', 'relnamespace', 'reltype', 'relowner', 'relfilenode', 'reltablespace', 'relpages', 'reltuples', 'relallvisible',
    'relallfrozen', 'reltoastrelid', 'relhasindex', 'relnatts', 'relchecks', 'relhasrules', 'relhastriggers', 'relhassubclass', 'relreplident',
    'relrewrite', 'relfrozenxid', 'relminmxid', 'relacl', 'reloptions']) AS p

  UNION ALL
  SELECT 2, 'tablespace', '', s.spcname, format('ALTER TABLE %s SET TABLESPACE %I', target, s.spcname), NULL
  FROM t JOIN relation_space AS s USING (oid)

  UNION ALL
  SELECT 2, 'grants on the row type', '', y.typacl::text, NULL, NULL FROM t JOIN pg_type AS y ON y.oid = t.reltype WHERE y.typacl IS NOT NULL

  UNION ALL
  SELECT 2, o.kind, '', o.options::text,
    format('ALTER TABLE %s SET (%s)', target, (
      SELECT string_agg(format('%s%I = %L', o.prefix, p.option_name, p.option_value), ', ' ORDER BY p.nth)
      FROM pg_options_to_table(o.options) WITH ORDINALITY AS p (option_name, option_value, nth))),
    format('ALTER TABLE %s RESET (%s)', target, (
      SELECT string_agg(format('%s%I', o.prefix, p.option_name), ', ') FROM pg_options_to_table(o.options) AS p))
  FROM t, LATERAL (
    VALUES ('options', '', t.reloptions), ('options of toast', 'toast.', (SELECT reloptions FROM pg_class WHERE oid = t.reltoastrelid))
  ) AS o (kind, prefix, options) WHERE o.options IS NOT NULL

  UNION ALL
  SELECT 3, 'column', c.attname, concat_ws(' ', c.nth, format_type(c.atttypid, c.atttypmod), pg_get_expr(d.adbin, d.adrelid), c.told - ARRAY[
    'attrelid', 'attname', 'attnum', 'attndims', 'attcacheoff', 'atthasmissing', 'attmissingval', 'attacl', 'attstattarget', 'attoptions']), NULL, NULL
  FROM columns AS c LEFT JOIN pg_attrdef AS d ON d.adrelid = of_table AND d.adnum = c.attnum

  UNION ALL
  SELECT 4, 'statistics target of column', attname, told ->> 'attstattarget',
    format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS %s', target, attname, attstattarget),
    format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS -1', target, attname)
  FROM columns WHERE attstattarget >= 0

  UNION ALL
  SELECT 4, 'options of column', attname, attoptions::text,
    format('ALTER TABLE %s ALTER COLUMN %I SET (%s)', target, attname, array_to_string(attoptions, ', ')),
    format('ALTER TABLE %s ALTER COLUMN %I RESET (n_distinct, n_distinct_inherited)', target, attname)
  FROM columns WHERE attoptions IS NOT NULL

  UNION ALL
  SELECT 4, 'numbers of column', c.attname, concat_ws(' ', s.relname, s.relpersistence, s.relacl, obj_description(s.oid, 'pg_class'),
    (SELECT to_jsonb(q) - 'seqrelid' FROM pg_sequence AS q WHERE q.seqrelid = s.oid)), NULL, NULL
  FROM columns AS c JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = of_table AND d.refobjsubid = c.attnum
    AND d.classid = 'pg_class'::regclass AND d.deptype = 'i' JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'

  UNION ALL
  SELECT CASE k.contype WHEN 'c' THEN 5 ELSE 6 END, 'constraint', k.conname, concat_ws(' ', pg_get_constraintdef(k.oid), to_jsonb(k) - ARRAY[
    'oid', 'conname', 'connamespace', 'conrelid', 'conindid', 'conkey', 'conbin']),
    CASE WHEN k.contype IN ('c', 'p', 'u', 'x') THEN format('ALTER TABLE %s ADD CONSTRAINT %I %s', target, k.conname, pg_get_constraintdef(k.oid)) END,
    CASE WHEN k.contype IN ('c', 'p', 'u', 'x') THEN format('ALTER TABLE %s DROP CONSTRAINT %I', target, k.conname) END
  FROM t JOIN pg_constraint AS k ON k.conrelid = t.oid WHERE k.contype <> 't'

  UNION ALL
  SELECT 6, 'trigger of constraint', k.conname, string_agg(g.tgenabled::text, '' ORDER BY g.tgname), NULL, NULL
  FROM t JOIN pg_trigger AS g ON g.tgrelid = t.oid JOIN pg_constraint AS k ON k.oid = g.tgconstraint
  WHERE g.tgisinternal AND k.conrelid = t.oid GROUP BY k.conname

  UNION ALL
  SELECT 7, 'index', relname, concat_ws(' ', rest, told - ARRAY[
    'indexrelid', 'indrelid', 'indkey', 'indexprs', 'indpred', 'indcheckxmin', 'indisclustered', 'indisreplident']),
    CASE WHEN NOT of_constraint THEN concat(beginning, target, ' ', rest) END,
    CASE WHEN NOT of_constraint THEN format('DROP INDEX %I.%I', shadow_schema(), relname) END
  FROM indexes

  UNION ALL
  SELECT 8, 'options of index', relname, reloptions::text,
    format('ALTER INDEX %I.%I SET (%s)', shadow_schema(), relname, array_to_string(reloptions, ', ')),
    format('ALTER INDEX %I.%I RESET (%s)', shadow_schema(), relname, (SELECT string_agg(quote_ident(option_name), ', ') FROM pg_options_to_table(reloptions)))
  FROM indexes WHERE of_constraint AND reloptions IS NOT NULL

  UNION ALL
  SELECT 8, 'tablespace of index', i.relname, s.spcname, format('ALTER INDEX %I.%I SET TABLESPACE %I', shadow_schema(), i.relname, s.spcname), NULL
  FROM indexes AS i JOIN relation_space AS s USING (oid)

  UNION ALL
  SELECT 8, 'statistics target of index ' || i.relname, a.attnum::text, a.attstattarget::text,
    format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS %s', shadow_schema(), i.relname, a.attnum, a.attstattarget),
    format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS -1', shadow_schema(), i.relname, a.attnum)
  FROM indexes AS i JOIN pg_attribute AS a ON a.attrelid = i.oid WHERE a.attstattarget >= 0

  UNION ALL
  SELECT 8, 'clustered index', '', relname, format('ALTER TABLE %s CLUSTER ON %I', target, relname), format('ALTER TABLE %s SET WITHOUT CLUSTER', target)
  FROM indexes WHERE indisclustered

  UNION ALL
  SELECT 8, 'replica identity', '', concat_ws(' ', t.relreplident, i.relname),
    CASE t.relreplident
      WHEN 'd' THEN format('ALTER TABLE %s REPLICA IDENTITY DEFAULT', t.target)
      WHEN 'n' THEN format('ALTER TABLE %s REPLICA IDENTITY NOTHING', t.target)
      WHEN 'f' THEN format('ALTER TABLE %s REPLICA IDENTITY FULL', t.target)
      ELSE format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', t.target, i.relname)
    END, NULL
  FROM t LEFT JOIN indexes AS i ON i.indisreplident

  UNION ALL
  SELECT 9, 'statistics', stxname, concat_ws(' ', elsewhere, stxkind, pg_get_statisticsobjdef_columns(oid)),
    format('CREATE STATISTICS %I.%I %s ON %s FROM %s', shadow_schema(), stxname,
      (SELECT '(' || string_agg(CASE k WHEN 'd' THEN 'ndistinct' WHEN 'f' THEN 'dependencies' WHEN 'm' THEN 'mcv' END, ', ') || ')'
        FROM unnest(stxkind) AS k WHERE k <> 'e'),
      pg_get_statisticsobjdef_columns(oid), target),
    format('DROP STATISTICS %I.%I', shadow_schema(), stxname)
  FROM statistics

  UNION ALL
  SELECT 10, 'owner of statistics', stxname, stxowner::regrole::text,
    format('ALTER STATISTICS %I.%I OWNER TO %s', shadow_schema(), stxname, stxowner::regrole), NULL
  FROM statistics

  UNION ALL
  SELECT 10, 'target of statistics', stxname, told ->> 'stxstattarget',
    format('ALTER STATISTICS %I.%I SET STATISTICS %s', shadow_schema(), stxname, told ->> 'stxstattarget'),
    format('ALTER STATISTICS %I.%I SET STATISTICS -1', shadow_schema(), stxname)
  FROM statistics WHERE (told ->> 'stxstattarget')::integer >= 0

  UNION ALL
  SELECT 11, 'comment on ' || c.on_kind, c.of_name, c.words,
    format('COMMENT ON %s IS %L', c.address, c.words), format('COMMENT ON %s IS NULL', c.address)
  FROM (
    SELECT 'table', '', 'TABLE ' || target, obj_description(oid, 'pg_class') FROM t
    UNION ALL
    SELECT 'column', attname, format('COLUMN %s.%I', target, attname), col_description(of_table, attnum) FROM columns
    UNION ALL
    SELECT 'index', relname, format('INDEX %I.%I', shadow_schema(), relname), obj_description(oid, 'pg_class') FROM indexes
    UNION ALL
    SELECT 'constraint', k.conname, format('CONSTRAINT %I ON %s', k.conname, t.target), obj_description(k.oid, 'pg_constraint')
    FROM t JOIN pg_constraint AS k ON k.conrelid = t.oid
    UNION ALL
    SELECT 'statistics', stxname, format('STATISTICS %I.%I', shadow_schema(), stxname), obj_description(oid, 'pg_statistic_ext') FROM statistics
  ) AS c (on_kind, of_name, address, words)
  WHERE c.words IS NOT NULL

  UNION ALL
  SELECT 12 + g.nth::integer, 'grant', concat(g.privilege_type, g.column_name, ' to ', r.grantee, CASE WHEN g.grantor <> g.relowner THEN ' by ' || g.grantor::regrole END),
    CASE WHEN g.is_grantable THEN 'with grant option' ELSE '' END,
    CASE WHEN g.grantor = g.relowner THEN
      format('GRANT %s%s ON %s TO %s%s', g.privilege_type, g.column_name, g.target, r.grantee, CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' END) END,
    format('REVOKE %s%s ON %s FROM %s CASCADE', g.privilege_type, g.column_name, g.target, r.grantee)
  FROM grants AS g, LATERAL (SELECT CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END AS grantee) AS r
$function$;
-- EXECUTE TO PUBLIC, EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.try_append_batch(stream_types text[], stream_ids text[], expected integer[], event_ids uuid[], event_types text[], schema_versions integer[], event_data json[], event_metadata json[], claim_append integer[] DEFAULT '{}'::integer[], claim_scopes text[] DEFAULT '{}'::text[], claim_values text[] DEFAULT '{}'::text[], claim_releases boolean[] DEFAULT '{}'::boolean[], last_event_ids uuid[] DEFAULT '{}'::uuid[])
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'annals', 'pg_temp'
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
$function$;
-- EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.try_append_event(stream_type text, stream_id text, expected integer, id uuid, type text, schema_version integer, data json, metadata json, last_event_id uuid DEFAULT NULL::uuid)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'annals', 'pg_temp'
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
$function$;
-- EXECUTE TO the owner

CREATE OR REPLACE FUNCTION annals.what_cannot_be_copied(live regclass)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'annals', 'pg_temp'
AS $function$
  SELECT string_agg(DISTINCT what, ', ') FROM (
    SELECT 'the ' || d.described || CASE WHEN NOT d.is_own THEN ', which depends on it' ELSE '' END
    FROM dependents_of(live) AS d
    WHERE NOT (d.is_own AND (
      d.class_id = 'pg_type'::regclass
      OR d.class_id = 'pg_attrdef'::regclass
      OR d.class_id = 'pg_statistic_ext'::regclass
      OR d.class_id = 'pg_constraint'::regclass AND EXISTS (
        SELECT FROM pg_constraint AS k WHERE k.oid = d.object_id AND k.conrelid = live AND k.contype IN ('c', 'p', 'u', 'x', 'n'))
      OR d.class_id = 'pg_trigger'::regclass AND EXISTS (SELECT FROM pg_trigger AS g WHERE g.oid = d.object_id AND g.tgisinternal)
      OR d.class_id = 'pg_class'::regclass AND EXISTS (
        SELECT FROM pg_class AS c LEFT JOIN pg_depend AS i ON i.classid = 'pg_class'::regclass AND i.objid = c.oid AND i.refobjid = live
        WHERE c.oid = d.object_id AND (c.relkind IN ('i', 't') OR c.relkind = 'S' AND i.deptype = 'i'))))
    UNION ALL
    SELECT format('the index %s, which is not valid', indexrelid::regclass) FROM pg_index WHERE indrelid = live AND NOT indisvalid
    UNION ALL
    SELECT 'the place in an inheritance or partition tree' FROM pg_inherits WHERE live IN (inhrelid, inhparent)
    UNION ALL
    SELECT format('the membership of %s in %s', pg_describe_object(e.classid, e.objid, 0), pg_describe_object(e.refclassid, e.refobjid, 0))
    FROM pg_depend AS e
    WHERE e.refclassid = 'pg_extension'::regclass AND e.deptype IN ('e', 'x') AND (e.classid, e.objid) IN (
      SELECT 'pg_class'::regclass::oid, live::oid UNION SELECT class_id, object_id FROM dependents_of(live) WHERE is_own)
    UNION ALL
    SELECT 'the security label of ' || l.provider FROM pg_seclabel AS l WHERE l.classoid = 'pg_class'::regclass AND l.objoid = live
    UNION ALL
    SELECT 'the place in a logical subscription' FROM pg_subscription_rel WHERE srrelid = live
    UNION ALL
    SELECT format('the kind of relation it is (%s): only ordinary tables can be copied', relkind) FROM pg_class WHERE oid = live AND relkind <> 'r'
  ) AS found (what)
$function$;
-- EXECUTE TO PUBLIC, EXECUTE TO the owner
