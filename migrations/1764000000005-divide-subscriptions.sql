-- A subscription may be divided into segments: each stream belongs to one of them, and each has a lease and a checkpoint
-- of its own. "seen" proves that a checkpoint passed every event: the sum, modulo 2^64, of the last 64 bits of their ids.

ALTER TABLE subscriptions
  ADD COLUMN segment integer NOT NULL DEFAULT 0,
  ADD COLUMN segments integer NOT NULL DEFAULT 1,
  ADD COLUMN started_after bigint NOT NULL DEFAULT 0,
  ADD COLUMN seen numeric(20) NOT NULL DEFAULT 0,
  DROP CONSTRAINT subscriptions_name,
  ADD CONSTRAINT subscriptions_name_segment PRIMARY KEY (name, segment),
  ADD CONSTRAINT subscriptions_segment_of CHECK (segment >= 0 AND segment < segments);

UPDATE subscriptions SET started_after = position;

COMMENT ON COLUMN subscriptions.started_after IS 'The checkpoint with which "seen" began.';

ALTER TABLE parked_events ADD COLUMN segment integer NOT NULL DEFAULT 0;

-- Discarded events of rows that were made anew since: the new rows have met them again.
ALTER TABLE discarded_events ADD COLUMN superseded boolean NOT NULL DEFAULT false;

-- The processes that can run a divided subscription. They share its segments evenly.
CREATE TABLE subscription_members (
  subscription text NOT NULL,
  owner text NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT subscription_members_owner PRIMARY KEY (subscription, owner)
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);
