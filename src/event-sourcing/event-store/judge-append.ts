import { AppendVerdict } from './append-verdict';
import { streamKey } from './keys';
import { ClaimedValue, ExpectedVersion } from './event-store';
import { RecordedEvent } from './event-envelope';
import { PreparedAppend } from './prepare-append';

/** What the verdict on an append depends on. */
export interface StoredState {
  readonly head: bigint;
  /** The events of the stream that is appended to. */
  readonly stream: readonly RecordedEvent[];
  eventWithId(id: string): RecordedEvent | undefined;
  /** Key of the stream that holds the value. */
  holderOf(claim: ClaimedValue): string | undefined;
  /** Whether the append's receipt is there already, from another append or a note. */
  readonly isAnswered: boolean;
}

/** The rules of `append_events()` and `judge_append()` in the migrations, for the store in memory. */
export function judgeAppend(append: PreparedAppend, state: StoredState): AppendVerdict {
  return state.isAnswered ? refused('receipt', state) : judgeUnanswered(append, state);
}

function judgeUnanswered(append: PreparedAppend, state: StoredState): AppendVerdict {
  const version = state.stream.length;
  const expected = append.expectedVersion === 'no-stream' ? 0 : append.expectedVersion;
  const hasKnownId = append.events.some((event) => state.eventWithId(event.id));
  if (!isThere(expected, version)) return judgeRepeated(append, expected, state) ?? refused('version', state);
  if (hasKnownId) {
    const repeated = expected === version ? undefined : judgeRepeated(append, expected, state);
    return repeated ?? refused('duplicate', state);
  }
  return refusedAtHead(append, state) ?? accepted(append, state);
}

function isThere(expected: ExpectedVersion, version: number): boolean {
  return expected === 'any' || expected === version || (expected === 'stream-exists' && version > 0);
}

/** A new append at the right version fails only by another last event than it tells, or by a claim. */
function refusedAtHead(append: PreparedAppend, state: StoredState): AppendVerdict | undefined {
  const { lastEventId } = append;
  if (lastEventId !== undefined && state.stream.at(-1)?.id !== lastEventId) return refused('version', state);
  const owner = streamKey(append.stream);
  const claim = append.claims.find((value) => (state.holderOf(value) ?? owner) !== owner);
  return claim && { ...refused('claim', state), claim };
}

function accepted({ events }: PreparedAppend, { head, stream }: StoredState): AppendVerdict {
  const position = events.length > 0 ? head + BigInt(events.length) : (stream.at(-1)?.position ?? 0n);
  return { verdict: 'appended', version: stream.length + events.length, position };
}

function refused(
  verdict: 'receipt' | 'version' | 'duplicate' | 'claim',
  { stream }: StoredState,
): AppendVerdict {
  return { verdict, version: stream.length, position: stream.at(-1)?.position ?? 0n };
}

/** The first result, where the append is a retry; a refusal, where it uses ids that are stored; else undefined. */
function judgeRepeated(
  append: PreparedAppend,
  expected: ExpectedVersion,
  state: StoredState,
): AppendVerdict | undefined {
  const isExact = typeof expected === 'number';
  const first = versionOfFirst(append, state);
  if (first === undefined || (isExact && first !== expected + 1)) return undefined;
  const stored = state.stream.slice(first - 1, first - 1 + append.events.length);
  const last = stored.at(-1);
  if (last && append.events.every((event, index) => stored[index]?.id === event.id)) {
    return { verdict: 'repeated', version: last.version, position: last.position };
  }
  return isExact && stored.length < append.events.length ? undefined : refused('duplicate', state);
}

/** Where the first event of the append stands in its own stream already. */
function versionOfFirst({ stream, events }: PreparedAppend, state: StoredState): number | undefined {
  const stored = state.eventWithId(events[0]?.id ?? '');
  return stored && streamKey(stored.stream) === streamKey(stream) ? stored.version : undefined;
}
