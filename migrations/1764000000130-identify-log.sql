-- Which log this is. The store and the data source of the read models have connections of their own; both are asked for it when a
-- process starts, so that rows and checkpoints of one log never stand in the database of another one.

ALTER TABLE event_log ADD COLUMN log_id uuid NOT NULL DEFAULT gen_random_uuid();

COMMENT ON COLUMN event_log.log_id IS 'Made once for each log. A copy of the database has the same.';
