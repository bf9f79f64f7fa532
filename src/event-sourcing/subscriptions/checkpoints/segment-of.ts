import { StreamId } from '../../event-store/event-envelope';
import { Segment } from '../subscriber';

export const undivided: Segment = { index: 0, count: 1 };

/**
 * The index of the segment to which a stream belongs: its FNV-1a hash (32 bits over the UTF-16 code units of type, "/" and
 * id, http://www.isthe.com/chongo/tech/comp/fnv/) modulo the number of segments. Stored checkpoints rely on it.
 */
export function segmentOf({ type, id }: StreamId, count: number): number {
  if (count === 1) return 0;
  const text = `${type}/${id}`;
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % count;
}
