/**
 * Says that a request was done, under a key that its caller chose. Whoever repeats the request finds the receipt instead
 * of doing it again.
 */
export interface Receipt {
  /** Who sent the request: keys of different callers never meet. 1 to 512 characters. */
  readonly caller: string;
  /** 1 to 255 characters. */
  readonly key: string;
  /** What the request asked for, in short. The store keeps it and judges nothing by it. 1 to 200 characters. */
  readonly fingerprint: string;
  /** How long to keep it, in seconds by the clock of the store; at most a year. */
  readonly keepSeconds: number;
}
