import { annals, sql } from '../../schema/sql';

/** Gives no row where there is no log. */
export const readLogIdentity = sql`
  SELECT l.log_id AS id, concat_ws('/', s.system_identifier, d.oid, t.oid) AS place, d.datname AS database, n.nspname AS schema
  FROM ${annals}.event_log AS l, pg_control_system() AS s, pg_database AS d, pg_class AS t JOIN pg_namespace AS n ON n.oid = t.relnamespace
  WHERE l.only_row AND d.datname = current_database() AND t.oid = '${annals}.event_log'::regclass`;
