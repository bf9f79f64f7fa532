import { readFileSync } from 'node:fs';
import type { Pool } from 'pg';

/** Linux counts in hundredths of a second (`getconf CLK_TCK`). */
const msPerTick = 10;

/** Names the connections of this program, whose work is nobody's. */
export const benchConnection = 'annals bench';

/** Processor time that a process has used so far, of user and system, in milliseconds. */
export function processorTime(pid: number): number {
  const [user = 0, system = 0] = ticks(pid);
  return (user + system) * msPerTick;
}

/** Processor time of all processes of a server of Postgres, so that one contestant's share of it can be told. */
export class ServerTime {
  constructor(
    private readonly postmaster: number,
    private readonly pool: Pool,
  ) {}

  /**
   * Begins to measure, and returns the end: it resolves with the milliseconds since, without the backends of the databases in
   * `others`, which renew leases and look for events even in the rounds of another.
   */
  begin(others: readonly string[]): () => Promise<number> {
    const before = this.times();
    return async () => {
      const after = this.times();
      const { rows } = await this.pool.query<{ pid: number }>(
        'SELECT pid FROM pg_stat_activity WHERE datname = ANY ($1) OR application_name = $2',
        [others, benchConnection],
      );
      const ofOthers = rows.map(({ pid }) => (after.get(pid) ?? 0) - (before.get(pid) ?? 0));
      return sum(after.values()) - sum(before.values()) - sum(ofOthers);
    };
  }

  /** By process. A child that has ended has its time in that of the postmaster, so the sum stays right. */
  private times(): ReadonlyMap<number, number> {
    const children = readFileSync(`/proc/${this.postmaster}/task/${this.postmaster}/children`, 'utf8');
    const times = new Map<number, number>();
    for (const pid of children.trim().split(' ').map(Number))
      times.set(
        pid,
        endedTime(() => processorTime(pid)),
      );
    return times.set(this.postmaster, sum(ticks(this.postmaster)) * msPerTick);
  }
}

function sum(values: Iterable<number>): number {
  let all = 0;
  for (const value of values) all += value;
  return all;
}

/** A process may end between the list and its file; its time is then in that of the postmaster. */
function endedTime(read: () => number): number {
  try {
    return read();
  } catch {
    return 0;
  }
}

/** Of user and system, then the same of children that have ended: proc_pid_stat(5), fields 14 to 17. */
function ticks(pid: number): readonly number[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number);
}
