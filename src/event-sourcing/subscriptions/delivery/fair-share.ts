import { LeaseConnection } from '../checkpoints/lease-connection';
import { memberLasts } from '../checkpoints/lease-statements';
import { annals, sql } from '../../schema/sql';

export interface Place {
  release(): void;
  /** Whether this process runs more than its share, and this segment is the one to give back. */
  shouldYield(): boolean;
}

/** $1 subscription, $2 owner, $3 seconds, $4 whether the owner counts. Gives the processes that count, in the order of their names. */
const upsertMember = sql`
  WITH joined AS (
    INSERT INTO ${annals}.subscription_members (subscription, owner, expires_at, lease_seconds)
    SELECT $1, $2, clock_timestamp() + make_interval(secs => $3), $3 WHERE $4
    ON CONFLICT (subscription, owner) DO UPDATE SET expires_at = excluded.expires_at, lease_seconds = excluded.lease_seconds
    RETURNING owner),
  removed AS (
    DELETE FROM ${annals}.subscription_members WHERE subscription = $1
      AND (expires_at < clock_timestamp() - interval '1 hour' OR (owner = $2 AND NOT $4)))
  SELECT owner FROM ${annals}.subscription_members WHERE subscription = $1 AND owner <> $2 AND ${memberLasts}
  UNION SELECT owner FROM joined
  ORDER BY owner`;

const deleteMember = sql`DELETE FROM ${annals}.subscription_members WHERE subscription = $1 AND owner = $2`;

/**
 * How many segments of one subscription this process may run: as many as the others, or one more. Processes whose loops
 * keep failing do not count, so that the others take their segments. It only spreads the work; that two never both write
 * is for the leases.
 */
export class FairShare {
  private held = 0;
  private quota = 0;

  constructor(
    private readonly connection: LeaseConnection,
    private readonly subscription: string,
    private readonly owner: string,
    private readonly segments: number,
    private readonly leaseSeconds: number,
  ) {}

  /** Counts the processes again, and this one with them when it is able. */
  async refresh(isAble: boolean): Promise<void> {
    const values = [this.subscription, this.owner, this.leaseSeconds, isAble];
    const members = await this.connection.query<{ owner: string }>('refresh-members', upsertMember, values);
    this.quota = this.quotaAmong(members.map((member) => member.owner));
  }

  async leave(): Promise<void> {
    await this.connection.query('leave-members', deleteMember, [this.subscription, this.owner]);
  }

  /** A place for one segment, to be released when the segment is given back or was not to be had; undefined when all are used. */
  reserve(): Place | undefined {
    if (this.held >= this.quota) return undefined;
    this.held++;
    let isHeld = true;
    const release = (): void => {
      if (isHeld) this.held--;
      isHeld = false;
    };
    const shouldYield = (): boolean => {
      if (isHeld && this.held > this.quota) release();
      return !isHeld;
    };
    return { release, shouldYield };
  }

  /** While no process is able, each may try all segments. */
  private quotaAmong(owners: readonly string[]): number {
    if (owners.length === 0) return this.segments;
    const rank = owners.indexOf(this.owner);
    if (rank < 0) return 0;
    return Math.floor(this.segments / owners.length) + (rank < this.segments % owners.length ? 1 : 0);
  }
}
