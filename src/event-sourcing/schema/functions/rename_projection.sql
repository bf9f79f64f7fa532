-- Gives the checkpoints, the parked and discarded events and the tables of a projection to a new name. No process may run it
-- under the old name meanwhile.

CREATE OR REPLACE FUNCTION rename_projection(old_name text, new_name text) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  LOCK TABLE subscriptions IN SHARE ROW EXCLUSIVE MODE;
  IF NOT EXISTS (SELECT FROM subscriptions WHERE name = old_name AND kind = 'projector') THEN
    RAISE EXCEPTION 'There is no checkpoint of a projection "%".', old_name USING ERRCODE = 'no_data_found';
  END IF;
  IF EXISTS (SELECT FROM subscriptions WHERE name = new_name) THEN
    RAISE EXCEPTION 'There is a checkpoint of "%" already.', new_name USING ERRCODE = 'unique_violation';
  END IF;
  IF EXISTS (SELECT FROM rebuilds WHERE projection = old_name) THEN
    RAISE EXCEPTION 'The rows of "%" are being rebuilt. Wait for the end, or cancel the rebuild.', old_name
      USING ERRCODE = 'object_in_use';
  END IF;
  IF EXISTS (SELECT FROM subscriptions WHERE name = old_name AND lease_expires_at > clock_timestamp()) THEN
    RAISE EXCEPTION 'A process runs "%". Stop it first.', old_name USING ERRCODE = 'object_in_use';
  END IF;
  UPDATE subscriptions SET name = new_name, epoch = epoch + 1, owner = NULL, lease_expires_at = NULL WHERE name = old_name;
  UPDATE parked_events SET subscription = new_name WHERE subscription = old_name;
  UPDATE discarded_events SET subscription = new_name WHERE subscription = old_name;
  DELETE FROM subscription_members WHERE subscription = old_name;
  UPDATE read_model_tables SET projection = new_name WHERE projection = old_name;
END
$$;
