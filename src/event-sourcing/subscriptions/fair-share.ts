import type { DataSource } from 'typeorm';

export interface FairShareOf {
  readonly subscription: string;
  readonly owner: string;
  readonly segments: number;
  readonly leaseSeconds: number;
}

export interface Place {
  release(): void;
  /** Whether this process runs more than its share, and this segment is the one to give back. */
  isToBeLeft(): boolean;
}

const joinIn = `
  INSERT INTO subscription_members (subscription, owner, expires_at)
  VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
  ON CONFLICT (subscription, owner) DO UPDATE SET expires_at = excluded.expires_at`;

const leave = 'DELETE FROM subscription_members WHERE subscription = $1 AND owner = $2';

const removeExpired = `
  DELETE FROM subscription_members WHERE subscription = $1 AND expires_at < clock_timestamp() - interval '1 hour'`;

const selectMembers = `
  SELECT owner FROM subscription_members WHERE subscription = $1 AND expires_at > clock_timestamp() ORDER BY owner`;

/**
 * How many segments of one subscription this process may run: as many as the others, or one more. Processes whose loops
 * keep failing do not count, so that the others take their segments. It only spreads the work; that two never both write
 * is for the leases.
 */
export class FairShare {
  private held = 0;
  private quota = 0;

  constructor(
    private readonly dataSource: DataSource,
    private readonly of: FairShareOf,
  ) {}

  /** Counts the processes again, and this one with them when it is able. */
  async refresh(isAble: boolean): Promise<void> {
    const { subscription, owner, leaseSeconds } = this.of;
    if (isAble) await this.dataSource.query(joinIn, [subscription, owner, leaseSeconds]);
    else await this.dataSource.query(leave, [subscription, owner]);
    await this.dataSource.query(removeExpired, [subscription]);
    const members = await this.dataSource.query<{ owner: string }[]>(selectMembers, [subscription]);
    const owners = members.map((member) => member.owner);
    this.quota = quotaOf(owners, this.of);
  }

  async leave(): Promise<void> {
    await this.dataSource.query(leave, [this.of.subscription, this.of.owner]);
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
    const isToBeLeft = (): boolean => {
      if (isHeld && this.held > this.quota) release();
      return !isHeld;
    };
    return { release, isToBeLeft };
  }
}

/** With nobody able, everybody may try all. */
function quotaOf(owners: readonly string[], { owner, segments }: FairShareOf): number {
  if (owners.length === 0) return segments;
  const rank = owners.indexOf(owner);
  if (rank < 0) return 0;
  return Math.floor(segments / owners.length) + (rank < segments % owners.length ? 1 : 0);
}
