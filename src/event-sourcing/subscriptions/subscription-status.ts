import type { DataSource } from 'typeorm';
import { Position } from '../event-store/event-envelope';
import { Subscribers } from './subscribers';

export interface SubscriptionStatus {
  readonly name: string;
  readonly kind: 'projector' | 'handler';
  readonly version: number;
  /** `stopped`: paused, or no process runs it. `failed`: it stands still; `failure` says why. */
  readonly state: 'running' | 'stopped' | 'failed';
  readonly checkpoint: Position;
  /** Position of the last event of the log. */
  readonly head: Position;
  readonly lagEvents: bigint;
  /** Age of the oldest event that it has not seen, in seconds; 0 when it has seen all. */
  readonly lagSeconds: number;
  readonly owner: string | null;
  readonly paused: boolean;
  readonly failure: string | null;
  /** Events set aside: parked, tried again, or waiting behind one of those. */
  readonly parkedCount: number;
}

const select = `
  SELECT s.name, s.kind, s.version, s.paused, s.failure, s.position AS checkpoint,
    CASE WHEN s.lease_expires_at > clock_timestamp() THEN s.owner END AS owner,
    l.head, COALESCE(EXTRACT(EPOCH FROM clock_timestamp() - e.timestamp), 0)::double precision AS lag_seconds,
    (SELECT count(*)::integer FROM parked_events p WHERE p.subscription = s.name) AS parked_count
  FROM subscriptions AS s CROSS JOIN event_log AS l LEFT JOIN events AS e ON e.position = s.position + 1
  WHERE s.name = ANY ($1)
  ORDER BY s.name`;

interface Row {
  readonly name: string;
  readonly kind: 'projector' | 'handler';
  readonly version: number;
  readonly paused: boolean;
  readonly failure: string | null;
  readonly checkpoint: string;
  readonly owner: string | null;
  readonly head: string;
  readonly lag_seconds: number;
  readonly parked_count: number;
}

/** How the subscriptions of the application stand, whichever process runs them. */
export class SubscriptionStatuses {
  constructor(
    private readonly dataSource: DataSource,
    private readonly subscribers: Subscribers,
  ) {}

  async all(): Promise<readonly SubscriptionStatus[]> {
    const names = this.subscribers.all().map((subscriber) => subscriber.name);
    const rows = await this.dataSource.query<Row[]>(select, [names]);
    return rows.map(status);
  }
}

function status(row: Row): SubscriptionStatus {
  const { name, kind, version, paused, failure, owner } = row;
  const checkpoint = BigInt(row.checkpoint);
  const head = BigInt(row.head);
  return {
    name,
    kind,
    version,
    state: stateOf(row),
    checkpoint,
    head,
    lagEvents: head - checkpoint,
    lagSeconds: Math.max(0, Math.round(row.lag_seconds * 1_000) / 1_000),
    owner,
    paused,
    failure,
    parkedCount: row.parked_count,
  };
}

function stateOf({ paused, failure, owner }: Row): SubscriptionStatus['state'] {
  if (paused) return 'stopped';
  if (failure !== null) return 'failed';
  return owner === null ? 'stopped' : 'running';
}
