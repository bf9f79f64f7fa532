-- Locks the log until the transaction ends, and gives the position of its last event (0 in an empty log). Every append begins with it:
-- so positions are dense and have the order of commits, and a reader of "position > n" misses nothing.
--
-- The row is locked, not changed. An update would leave a dead version of the row with each append, and a snapshot that somebody
-- holds (a dump, a forgotten transaction, a replication slot) keeps all of them: the next append would have to step over each.
--
-- The second statement has a newer snapshot than the lock, so it sees what the append before this one has stored. That is so at READ
-- COMMITTED alone; at any other level the last position would be that of the transaction's first statement, so it is refused.

CREATE OR REPLACE FUNCTION lock_log() RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan = off AS $$
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
$$;

REVOKE EXECUTE ON FUNCTION lock_log FROM PUBLIC;
