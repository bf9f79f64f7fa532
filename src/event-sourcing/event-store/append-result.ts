import type { Position } from './event-envelope';
import type { AppendResult } from './event-store';

/** `JSON.stringify` knows no bigint. A hidden member leaves the result equal to one without it. */
const asJson: PropertyDescriptor = {
  value(this: AppendResult) {
    return { version: this.version, position: String(this.position) };
  },
};

/** A result that a handler may return as it is: in JSON its position is a decimal string. */
export function appendResult(version: number, position: Position): AppendResult {
  return Object.defineProperty({ version, position }, 'toJSON', asJson);
}
