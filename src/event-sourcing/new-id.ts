import { randomFillSync } from 'node:crypto';

/** The id that is made, as text: its random digits are written each time, its time when that has moved. */
const id = Buffer.from('00000000-0000-7000-8000-000000000000', 'latin1');
const digits = Buffer.from('0123456789abcdef', 'latin1');

/** Where two random digits stand side by side. */
const pairs = [15, 20, 24, 26, 28, 30, 32, 34];
const bytesPerId = pairs.length + 2;

/** Random bytes, drawn for many ids at once. */
const random = Buffer.allocUnsafe(bytesPerId * 256);
let used = random.length;
let millisecond = -1;

/**
 * A UUID of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, then random bits. Ordered in time, so that indexes
 * grow at their right edge. To write bytes takes a third of the time of joining texts, and gives the memory one text.
 */
export function newId(): string {
  const now = Date.now();
  if (now !== millisecond) writeTime(now);
  for (const at of pairs) {
    const byte = nextByte();
    id[at] = digit(byte >> 4);
    id[at + 1] = digit(byte & 15);
  }
  const alone = nextByte();
  id[17] = digit(alone >> 4);
  id[22] = digit(alone & 15);
  id[19] = digit(8 | (nextByte() & 3)); // the variant
  return id.toString('latin1');
}

function writeTime(now: number): void {
  const time = now.toString(16).padStart(12, '0');
  id.write(`${time.slice(0, 8)}-${time.slice(8)}`, 'latin1');
  millisecond = now;
}

function nextByte(): number {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  return random[used++] as number;
}

function digit(value: number): number {
  return digits[value] as number;
}
