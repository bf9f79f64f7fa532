-- Text that is a key is in the order of its bytes from now on (COLLATE "C"), and no longer in that of the database. The order of a
-- language changes with the C library or with ICU: then an index misses rows that are there, a claim that is held is given to a
-- second stream, and a stream with events looks empty. That of bytes never changes, and is faster besides.
--
-- No row is written again, but the indexes on these columns are built anew, under a lock that appends wait for: about two seconds
-- for each million events. A database whose order has changed already may hold a key twice: then this migration fails and names it.

ALTER TABLE events
  ALTER COLUMN aggregate_type TYPE text COLLATE "C",
  ALTER COLUMN aggregate_id TYPE text COLLATE "C";

ALTER TABLE claims
  ALTER COLUMN scope TYPE text COLLATE "C",
  ALTER COLUMN value TYPE text COLLATE "C",
  ALTER COLUMN aggregate_type TYPE text COLLATE "C",
  ALTER COLUMN aggregate_id TYPE text COLLATE "C";

ALTER TABLE receipts
  ALTER COLUMN aggregate_type TYPE text COLLATE "C",
  ALTER COLUMN aggregate_id TYPE text COLLATE "C";

ALTER TABLE subscriptions ALTER COLUMN name TYPE text COLLATE "C";

ALTER TABLE subscription_members
  ALTER COLUMN subscription TYPE text COLLATE "C",
  ALTER COLUMN owner TYPE text COLLATE "C";

ALTER TABLE parked_events
  ALTER COLUMN subscription TYPE text COLLATE "C",
  ALTER COLUMN aggregate_type TYPE text COLLATE "C",
  ALTER COLUMN aggregate_id TYPE text COLLATE "C";

ALTER TABLE discarded_events ALTER COLUMN subscription TYPE text COLLATE "C";

ALTER TABLE rebuilds ALTER COLUMN projection TYPE text COLLATE "C";
