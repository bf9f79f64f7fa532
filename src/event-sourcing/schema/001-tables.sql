-- The tables of the kernel. Names are without a schema here: the schema of the kernel is the search path while this file runs.
--
-- Text that is a key is compared by its bytes (COLLATE "C"). The order of a language changes with the C library or with ICU: then
-- an index misses rows that are stored, a second stream gets a claim that is taken, and a stream with events looks empty.

-- The log ---------------------------------------------------------------------------------------------------------------------

-- Locked by an append until it commits, which makes positions dense and gives them the order of commits: a reader of
-- "position > n" misses nothing. See lock_log().
CREATE TABLE event_log (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  log_id uuid NOT NULL DEFAULT gen_random_uuid()
);

COMMENT ON TABLE event_log IS 'One row, which stands for the log. An append locks it until it commits, and never changes it.';
COMMENT ON COLUMN event_log.log_id IS 'Made once for each log. A copy of the database has the same.';

INSERT INTO event_log DEFAULT VALUES;

-- data and metadata are json, not jsonb: the text comes back as it was written, and an append does not pay for a
-- second form of it. Cast to jsonb to query them by hand.
CREATE TABLE events (
  position bigint NOT NULL,
  event_id uuid NOT NULL,
  event_type text NOT NULL,
  schema_version integer NOT NULL CHECK (schema_version > 0),
  aggregate_type text COLLATE "C" NOT NULL,
  aggregate_id text COLLATE "C" NOT NULL,
  aggregate_version integer NOT NULL CHECK (aggregate_version > 0),
  timestamp timestamptz NOT NULL,
  data json NOT NULL,
  metadata json NOT NULL,
  CONSTRAINT events_position PRIMARY KEY (position),
  CONSTRAINT events_event_id UNIQUE (event_id),
  CONSTRAINT events_stream_version UNIQUE (aggregate_type, aggregate_id, aggregate_version)
);

COMMENT ON COLUMN events.position IS 'Place in the whole log: 1, 2, 3 … without holes, in the order of commits.';
COMMENT ON COLUMN events.aggregate_version IS 'Place in the stream: 1, 2, 3 … without holes.';
COMMENT ON COLUMN events.timestamp IS 'The clock of this server at the append.';

CREATE TABLE claims (
  scope text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  aggregate_type text COLLATE "C" NOT NULL,
  aggregate_id text COLLATE "C" NOT NULL,
  CONSTRAINT claims_scope_value PRIMARY KEY (scope, value)
);

COMMENT ON TABLE claims IS 'Values that one stream at a time may hold.';

-- What became of a request, kept under a key that its caller chose, so that the request can be repeated. An append stores its
-- receipt in its own transaction, so there is never one without the other.
CREATE TABLE receipts (
  caller text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  fingerprint text NOT NULL,
  aggregate_type text COLLATE "C",
  aggregate_id text COLLATE "C",
  aggregate_version integer,
  note text,
  expires_at timestamptz NOT NULL,
  CONSTRAINT receipts_caller_key PRIMARY KEY (caller, key),
  CONSTRAINT receipts_content CHECK (
    num_nonnulls(aggregate_type, aggregate_id, aggregate_version) = CASE WHEN note IS NULL THEN 3 ELSE 0 END)
);

CREATE INDEX receipts_expires_at ON receipts (expires_at);

COMMENT ON COLUMN receipts.fingerprint IS 'What the request asked for, in short: another one under the same key is refused.';
COMMENT ON COLUMN receipts.aggregate_version IS 'Where the append left its stream; 0 is an empty stream.';
COMMENT ON COLUMN receipts.note IS 'What is kept of a request that appended nothing.';

-- Subscriptions ---------------------------------------------------------------------------------------------------------------

-- The checkpoint and the lease of each segment of a subscription. The clock of this server judges the lease. Each owner gets a
-- higher epoch than the one before, and a checkpoint moves only under the current epoch.
CREATE TABLE subscriptions (
  name text COLLATE "C" NOT NULL,
  segment integer NOT NULL DEFAULT 0,
  segments integer NOT NULL DEFAULT 1,
  kind text NOT NULL DEFAULT 'projector' CHECK (kind IN ('projector', 'handler')),
  version integer NOT NULL CHECK (version > 0),
  position bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
  seen numeric(20) NOT NULL DEFAULT 0,
  started_after bigint NOT NULL DEFAULT 0,
  owner text,
  epoch bigint NOT NULL DEFAULT 0,
  lease_expires_at timestamptz,
  lease_seconds double precision NOT NULL DEFAULT 5 CHECK (lease_seconds > 0),
  paused boolean NOT NULL DEFAULT false,
  failure text,
  failed_at timestamptz,
  rebuilt_at timestamptz,
  CONSTRAINT subscriptions_name_segment PRIMARY KEY (name, segment),
  CONSTRAINT subscriptions_segment_of CHECK (segment >= 0 AND segment < segments),
  CONSTRAINT subscriptions_lease CHECK ((owner IS NULL) = (lease_expires_at IS NULL))
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

COMMENT ON COLUMN subscriptions.segment IS 'Each stream belongs to one segment of a divided subscription.';
COMMENT ON COLUMN subscriptions.version IS 'Version of the projector that made the rows.';
COMMENT ON COLUMN subscriptions.position IS 'Checkpoint: position of the last event that the rows hold.';
COMMENT ON COLUMN subscriptions.seen IS
  'Proof that the checkpoint passed every event: the sum, modulo 2^64, of the last 64 bits of their ids.';
COMMENT ON COLUMN subscriptions.started_after IS 'The checkpoint with which "seen" began.';
COMMENT ON COLUMN subscriptions.lease_seconds IS
  'Length of the lease. A lease that runs out much later was stamped by another clock, of a server that was replaced.';
COMMENT ON COLUMN subscriptions.failure IS 'Why the subscription stands still; null while it goes on.';
COMMENT ON COLUMN subscriptions.rebuilt_at IS 'When rebuilt rows were last swapped in.';

CREATE TABLE subscription_members (
  subscription text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  expires_at timestamptz NOT NULL,
  lease_seconds double precision NOT NULL DEFAULT 5 CHECK (lease_seconds > 0),
  CONSTRAINT subscription_members_owner PRIMARY KEY (subscription, owner)
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

COMMENT ON TABLE subscription_members IS 'The processes that can run a divided subscription. They share its segments evenly.';

-- What a subscription could not handle, and the later events of the same streams. The first event of a stream is "retrying" until
-- it has failed too often, then "parked" until an operator decides; the later ones are "waiting".
CREATE TABLE parked_events (
  subscription text COLLATE "C" NOT NULL,
  segment integer NOT NULL DEFAULT 0,
  position bigint NOT NULL,
  aggregate_type text COLLATE "C" NOT NULL,
  aggregate_id text COLLATE "C" NOT NULL,
  state text NOT NULL CHECK (state IN ('retrying', 'parked', 'waiting')),
  attempts integer NOT NULL DEFAULT 0,
  category text,
  error text,
  stack text,
  first_failed_at timestamptz,
  last_failed_at timestamptz,
  next_attempt_at timestamptz,
  CONSTRAINT parked_events_position PRIMARY KEY (subscription, position),
  CONSTRAINT parked_events_retry CHECK ((state = 'retrying') = (next_attempt_at IS NOT NULL))
);

CREATE INDEX parked_events_stream ON parked_events (subscription, aggregate_type, aggregate_id, position);
CREATE INDEX parked_events_due ON parked_events (subscription, next_attempt_at) WHERE state = 'retrying';

COMMENT ON COLUMN parked_events.category IS 'Kind of the last failure, which tells whose it is; null while the event waits.';

CREATE TABLE discarded_events (
  subscription text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  reason text NOT NULL CHECK (reason <> ''),
  actor text NOT NULL,
  error text,
  attempts integer NOT NULL,
  discarded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  superseded boolean NOT NULL DEFAULT false,
  CONSTRAINT discarded_events_position PRIMARY KEY (subscription, position, discarded_at)
);

COMMENT ON TABLE discarded_events IS 'Events that an operator gave up, and why. Kept for good.';
COMMENT ON COLUMN discarded_events.superseded IS 'The rows were rebuilt since, and the new rows have met the event again.';

-- Read models -----------------------------------------------------------------------------------------------------------------

-- A process compares this when it starts: a projector that was renamed, or another one that names the same table, would count
-- every event a second time upon the stored rows.
CREATE TABLE read_model_tables (
  table_name text COLLATE "C" NOT NULL,
  projection text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT read_model_tables_name PRIMARY KEY (table_name)
);

COMMENT ON TABLE read_model_tables IS 'Which projection writes a table.';
COMMENT ON COLUMN read_model_tables.table_name IS 'With its schema, quoted where SQL wants it.';

-- Shadow tables are filled in the schema with the suffix "_shadow". When they have caught up, they are swapped with the live ones,
-- which stay in the schema with the suffix "_old" until they are dropped.
CREATE TABLE rebuilds (
  projection text COLLATE "C" NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  segments integer NOT NULL CHECK (segments > 0),
  table_names text[] NOT NULL,
  is_held boolean NOT NULL,
  actor text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  trouble text,
  CONSTRAINT rebuilds_projection PRIMARY KEY (projection)
);

COMMENT ON TABLE rebuilds IS 'Rebuilds of read models that are under way.';
COMMENT ON COLUMN rebuilds.is_held IS 'The rebuilt rows are not swapped in by themselves: an operator wants to compare them first.';
COMMENT ON COLUMN rebuilds.trouble IS 'What hinders the swap, or made the rebuild start over; null when nothing does.';

-- Guards ----------------------------------------------------------------------------------------------------------------------

-- An application whose entity happens to have the name of a table here, with "synchronize: true" of TypeORM, would have the columns
-- of the log dropped without an error. Postgres drops no column that a view depends on, so such a start fails, and changes nothing.
CREATE VIEW these_tables_are_of_the_log AS
SELECT e.position, e.aggregate_version, l.only_row, l.log_id, c.scope, r.fingerprint, s.epoch, p.first_failed_at, d.discarded_at,
  m.expires_at, b.is_held, t.projection
FROM events AS e, event_log AS l, claims AS c, receipts AS r, subscriptions AS s, parked_events AS p, discarded_events AS d,
  subscription_members AS m, rebuilds AS b, read_model_tables AS t
WHERE false;

COMMENT ON VIEW these_tables_are_of_the_log IS 'Keeps schema tools from dropping columns of these tables. Nobody reads it.';
