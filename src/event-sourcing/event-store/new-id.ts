import { randomUUID } from 'node:crypto';

let millisecond = -1;
/** What all ids of that millisecond begin with. */
let prefix = '';

/**
 * A UUID of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, then random bits. Ordered in time, so that indexes
 * grow at their right edge. Made from the random bits of `randomUUID`, which Node draws in advance.
 */
export function newId(): string {
  const now = Date.now();
  if (now !== millisecond) {
    const time = now.toString(16).padStart(12, '0');
    millisecond = now;
    prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
  }
  return prefix + randomUUID().slice(15);
}
