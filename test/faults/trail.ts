import { Pool } from 'pg';

/** A committed change of the subscription row of the read model, without renewals of the lease. */
export interface Move {
  readonly transaction: string;
  /** Which service did it. */
  readonly service: string;
  readonly owner: string | null;
  readonly epochBefore: number;
  readonly epoch: number;
  readonly positionBefore: number;
  readonly position: number;
  /** By the clock of the database, in milliseconds. */
  readonly at: number;
}

/** A committed transaction that wrote rows of the read model. */
export interface RowsWritten {
  readonly transaction: string;
  readonly service: string;
}

export interface Trail {
  readonly moves: readonly Move[];
  readonly writes: readonly RowsWritten[];
}

/** Triggers miss nothing, and see only what is committed: a poll would do neither. */
const makeTrail = `
  CREATE TABLE fault_moves (
    id bigserial, transaction text DEFAULT txid_current()::text, service text DEFAULT current_setting('annals.service'),
    owner text, epoch_before bigint, epoch bigint, position_before bigint, position bigint,
    at timestamptz DEFAULT clock_timestamp());
  CREATE TABLE fault_writes (
    transaction text PRIMARY KEY DEFAULT txid_current()::text,
    service text DEFAULT current_setting('annals.service'));

  CREATE FUNCTION keep_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO fault_moves (owner, epoch_before, epoch, position_before, position)
    VALUES (NEW.owner, OLD.epoch, NEW.epoch, OLD.position, NEW.position);
    RETURN NULL;
  END $$;
  CREATE TRIGGER keep_move AFTER UPDATE ON annals.subscriptions FOR EACH ROW
    WHEN (NEW.name = 'users' AND
      (OLD.owner, OLD.epoch, OLD.position) IS DISTINCT FROM (NEW.owner, NEW.epoch, NEW.position))
    EXECUTE FUNCTION keep_move();

  CREATE FUNCTION keep_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO fault_writes DEFAULT VALUES ON CONFLICT DO NOTHING;
    RETURN NULL;
  END $$;
  CREATE TRIGGER keep_write AFTER INSERT OR UPDATE OR DELETE ON users FOR EACH STATEMENT
    EXECUTE FUNCTION keep_write();`;

/** On a migrated database that no service has used yet. */
export async function keepTrail(pool: Pool): Promise<void> {
  await pool.query(makeTrail);
}

/** The variable that has each connection of a service say whose it is. */
export function named(service: string): { readonly PGOPTIONS: string } {
  return { PGOPTIONS: `-c annals.service=${service}` };
}

export async function readTrail(pool: Pool): Promise<Trail> {
  const moves = await pool.query<Move>(
    `SELECT transaction, service, owner, epoch_before::integer AS "epochBefore", epoch::integer AS epoch,
       position_before::integer AS "positionBefore", position::integer AS position,
       (extract(epoch FROM at) * 1000)::float8 AS at
     FROM fault_moves ORDER BY id`,
  );
  const writes = await pool.query<RowsWritten>('SELECT transaction, service FROM fault_writes');
  return { moves: moves.rows, writes: writes.rows };
}
