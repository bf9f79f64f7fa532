export interface SubscriptionSettings {
  /** Whether this process runs subscriptions at all. */
  readonly enabled: boolean;
  /** How long a process that stopped answering keeps its leases, in seconds. */
  readonly leaseSeconds: number;
  /** How often to look for events and for free leases when nothing wakes the loop, in milliseconds. */
  readonly pollMs: number;
  /**
   * How long a page that follows another one closely may wait for more events, in milliseconds; 0: not at all. Nothing waits after
   * a rest, and a page that somebody waits for by `Min-Event-Position` is read at once.
   */
  readonly companyMs: number;
  /** Events in one transaction, at most. */
  readonly batchSize: number;
  /** Longest pause after a failure of the subscription as a whole, in milliseconds. */
  readonly maxBackoffMs: number;
  /** How long one event may take, in milliseconds. */
  readonly handlerTimeoutMs: number;
  /** How long work that is under way may take when its loop is to stop or has lost its lease, before it is given up, in milliseconds. */
  readonly stopWithinMs: number;
  /** How often an event is tried before it is parked. */
  readonly maxAttempts: number;
  /** Pause before the second try, in milliseconds; doubled for each further one. */
  readonly retryDelayMs: number;
  readonly maxRetryDelayMs: number;
  /** Streams that may be set aside before the subscription fails as a whole. Events that wait behind them do not count. */
  readonly maxParked: number;
  /** How long a subscription may make no progress although events wait, before the watchdog says so, in milliseconds. */
  readonly stalledAfterMs: number;
}

export const defaultSubscriptionSettings: SubscriptionSettings = {
  enabled: true,
  leaseSeconds: 5,
  pollMs: 200,
  companyMs: 10,
  batchSize: 1_000,
  maxBackoffMs: 5_000,
  handlerTimeoutMs: 30_000,
  stopWithinMs: 10_000,
  maxAttempts: 8,
  retryDelayMs: 200,
  maxRetryDelayMs: 60_000,
  maxParked: 10_000,
  stalledAfterMs: 60_000,
};
