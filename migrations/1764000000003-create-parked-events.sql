-- What a subscription could not handle, and what queues behind it in the same stream. The first event of a stream is
-- "retrying" until it has failed too often, then "parked" until an operator decides; the later ones are "waiting".

ALTER TABLE subscriptions
  ADD COLUMN kind text NOT NULL DEFAULT 'projector' CHECK (kind IN ('projector', 'handler')),
  ADD COLUMN paused boolean NOT NULL DEFAULT false,
  ADD COLUMN failure text,
  ADD COLUMN failed_at timestamptz;

COMMENT ON COLUMN subscriptions.failure IS 'Why the subscription stands still; null while it goes on.';

CREATE TABLE parked_events (
  subscription text NOT NULL,
  position bigint NOT NULL,
  aggregate_type text NOT NULL,
  aggregate_id text NOT NULL,
  state text NOT NULL CHECK (state IN ('retrying', 'parked', 'waiting')),
  attempts integer NOT NULL DEFAULT 0,
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

-- Events that an operator gave up, and why. Kept for good.
CREATE TABLE discarded_events (
  subscription text NOT NULL,
  position bigint NOT NULL,
  reason text NOT NULL CHECK (reason <> ''),
  actor text NOT NULL,
  error text,
  attempts integer NOT NULL,
  discarded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT discarded_events_position PRIMARY KEY (subscription, position, discarded_at)
);
