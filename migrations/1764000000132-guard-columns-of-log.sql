-- An application whose entity happens to have the name of a table here, with TypeORM's `synchronize: true`, would have the columns of
-- the log dropped without an error. Postgres drops no column that a view depends on, so that such a start fails, and changes nothing.

CREATE VIEW these_tables_are_of_the_log AS
SELECT e.position, e.aggregate_version, l.only_row, l.log_id, c.scope, r.fingerprint, s.epoch, p.first_failed_at, d.discarded_at,
  m.expires_at, b.is_held, t.projection
FROM events AS e, event_log AS l, claims AS c, receipts AS r, subscriptions AS s, parked_events AS p, discarded_events AS d,
  subscription_members AS m, rebuilds AS b, read_model_tables AS t
WHERE false;

COMMENT ON VIEW these_tables_are_of_the_log IS 'Keeps schema tools from dropping columns of these tables. Nobody reads it.';
