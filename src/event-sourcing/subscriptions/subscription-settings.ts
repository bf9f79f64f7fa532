export interface SubscriptionSettings {
  /** Whether this process runs subscriptions at all. */
  readonly enabled: boolean;
  /** How long a process that stopped answering keeps its leases, in seconds. */
  readonly leaseSeconds: number;
  /** How often to look for events and for free leases when nothing wakes the loop, in milliseconds. */
  readonly pollMs: number;
  /** Events in one transaction, at most. */
  readonly batchSize: number;
  /** Longest pause after a failure, in milliseconds. */
  readonly maxBackoffMs: number;
}

export const defaultSubscriptionSettings: SubscriptionSettings = {
  enabled: true,
  leaseSeconds: 5,
  pollMs: 200,
  batchSize: 500,
  maxBackoffMs: 5_000,
};
