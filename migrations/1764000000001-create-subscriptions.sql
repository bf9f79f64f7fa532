-- Where each subscription stands, and who may move it. The lease is judged by the clock of this server; each owner gets
-- a higher epoch than the one before, and a checkpoint moves only under the current epoch.

CREATE TABLE subscriptions (
  name text NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  position bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
  owner text,
  epoch bigint NOT NULL DEFAULT 0,
  lease_expires_at timestamptz,
  CONSTRAINT subscriptions_name PRIMARY KEY (name),
  CONSTRAINT subscriptions_lease CHECK ((owner IS NULL) = (lease_expires_at IS NULL))
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

COMMENT ON COLUMN subscriptions.version IS 'Version of the projector that made the rows.';
COMMENT ON COLUMN subscriptions.position IS 'Checkpoint: position of the last event that the rows hold.';
