-- How long each lease was given for. A lease that runs out much later than that was stamped by another clock: the server that
-- stamped it was replaced by one whose clock is behind. The same for the processes that share the segments of a subscription.

ALTER TABLE subscriptions ADD COLUMN lease_seconds double precision NOT NULL DEFAULT 5 CHECK (lease_seconds > 0);
ALTER TABLE subscription_members ADD COLUMN lease_seconds double precision NOT NULL DEFAULT 5 CHECK (lease_seconds > 0);
