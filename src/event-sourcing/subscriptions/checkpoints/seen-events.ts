import { RecordedEvent } from '../../event-store/event-envelope';

/**
 * What events add to the `seen` of a checkpoint: the last 64 bits of their ids, as numbers. A checkpoint that skipped one, or
 * took one twice, has another sum than the log.
 */
export function seenSum(events: readonly RecordedEvent[]): bigint {
  let sum = 0n;
  for (const { id } of events) sum += BigInt(`0x${id.slice(19, 23)}${id.slice(24)}`);
  return BigInt.asUintN(64, sum);
}
