-- Events are never changed: UPDATE, DELETE and TRUNCATE are refused, to the owner of the log as well.

CREATE OR REPLACE FUNCTION refuse_change_of_events() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  RAISE EXCEPTION 'The log is immutable: % of events is refused.', TG_OP
    USING ERRCODE = 'insufficient_privilege', HINT = 'Append an event that corrects the earlier one.';
END
$$;

CREATE OR REPLACE TRIGGER events_are_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_events();
