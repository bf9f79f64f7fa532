import { Pool } from 'pg';

export interface StoredEvent {
  readonly position: bigint;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  /** The correlation id of the request that made it. */
  readonly attempt: string;
}

export interface StoredUser {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly isActive: boolean;
  readonly version: number;
}

export interface Stored {
  readonly head: bigint;
  /** How far the read model of users has got. */
  readonly checkpoint: bigint;
  /** In the order of the log. */
  readonly events: readonly StoredEvent[];
  readonly users: readonly StoredUser[];
  /** Each claimed e-mail address with the user that holds it. */
  readonly claims: ReadonlyMap<string, string>;
}

/** Asks the database itself, also while its server comes and goes. */
export function openPool(url: string): Pool {
  const pool = new Pool({ connectionString: url, max: 2, connectionTimeoutMillis: 3_000 });
  pool.on('error', () => undefined);
  return pool;
}

export async function placesOf(pool: Pool): Promise<{ readonly head: bigint; readonly checkpoint: bigint }> {
  const { rows } = await pool.query<{ head: string; checkpoint: string | null }>(
    `SELECT COALESCE(max(position), 0) AS head, (SELECT position FROM annals.subscriptions WHERE name = 'users') AS checkpoint
     FROM annals.events`,
  );
  return { head: BigInt(rows[0]?.head ?? 0), checkpoint: BigInt(rows[0]?.checkpoint ?? 0) };
}

export async function readStored(pool: Pool): Promise<Stored> {
  const events = await pool.query<StoredEvent & { position: string }>(
    `SELECT position, aggregate_id AS stream, aggregate_version AS version, event_type AS type,
       metadata->>'correlationId' AS attempt
     FROM annals.events ORDER BY position`,
  );
  const users = await pool.query<StoredUser>(
    'SELECT user_id AS "userId", name, email, is_active AS "isActive", version FROM users',
  );
  const claims = await pool.query<{ value: string; holder: string }>(
    'SELECT value, aggregate_id AS holder FROM annals.claims',
  );
  return {
    ...(await placesOf(pool)),
    events: events.rows.map((row) => ({ ...row, position: BigInt(row.position) })),
    users: users.rows,
    claims: new Map(claims.rows.map(({ value, holder }) => [value, holder])),
  };
}
