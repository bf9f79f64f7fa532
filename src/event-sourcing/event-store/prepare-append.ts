import { EventData } from '../domain';
import { currentMetadata } from '../messaging/message-context';
import { appendLimits } from './append-limits';
import { DuplicateEventIdError, InvalidAppendError } from './errors';
import { EventMetadata, NewEvent, StreamId } from './event-envelope';
import { AppendOptions, ClaimedValue, ExpectedVersion } from './event-store';
import { checkText, Label, textOf, toPlainJson } from './plain-json';
import { newId } from '../new-id';
import { checkReceipt } from './check-receipt';
import { Receipt } from '../messaging/receipt';

/** An event that is checked and written as JSON: nothing about it can fail in the store any more. */
export interface PreparedEvent {
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: string;
  readonly metadata: string;
}

/** An append that only what is stored can refuse. */
export interface PreparedAppend {
  readonly stream: StreamId;
  readonly expectedVersion: ExpectedVersion;
  readonly lastEventId?: string;
  readonly events: readonly PreparedEvent[];
  readonly claims: readonly ClaimedValue[];
  readonly releases: readonly ClaimedValue[];
  readonly receipt?: Receipt;
  /** UTF-16 length of the JSON, as a measure of the batch. */
  readonly size: number;
}

const requiredMetadata = ['correlationId', 'causationId', 'actor'] as const;

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** @throws InvalidAppendError naming what to change. */
export function prepareAppend(
  stream: StreamId,
  events: readonly NewEvent[],
  options: AppendOptions,
): PreparedAppend {
  checkName(stream.type, 'The stream type');
  checkName(stream.id, 'The stream id');
  checkExpectedVersion(options.expectedVersion);
  checkLastEventId(options);
  if (options.receipt) checkReceipt(options.receipt);
  checkCount(events.length, appendLimits.eventsPerAppend, 'events');
  const prepared = events.map(prepareEvent);
  if (prepared.length > 1 && new Set(prepared.map((event) => event.id)).size < prepared.length)
    throw new DuplicateEventIdError(stream);
  const size = prepared.reduce((sum, event) => sum + event.data.length + event.metadata.length, 0);
  if (size > appendLimits.charactersPerAppend) {
    throw new InvalidAppendError(
      `The append is larger than ${appendLimits.charactersPerAppend} characters of JSON. Split it.`,
    );
  }
  return {
    stream,
    expectedVersion: options.expectedVersion,
    lastEventId: options.lastEventId?.toLowerCase(),
    events: prepared,
    claims: prepareClaims(options.claims),
    releases: prepareClaims(options.releases),
    receipt: options.receipt,
    size,
  };
}

function prepareEvent(event: NewEvent, index: number): PreparedEvent {
  const label = (): string => `Event ${index + 1} (${event.type})`;
  checkName(event.type, () => `The type of event ${index + 1}`);
  const schemaVersion = event.schemaVersion ?? 1;
  if (!Number.isInteger(schemaVersion) || schemaVersion < 1 || schemaVersion > 32_767) {
    throw new InvalidAppendError(`${label()} has schema version ${schemaVersion}. Use 1, 2, 3 …`);
  }
  const data = prepareData(event.data, () => `${label()}: data`);
  const metadata = prepareMetadata(event, () => `${label()}: metadata`);
  checkBytes(data, metadata, label);
  return { id: prepareId(event.id, label), type: event.type, schemaVersion, data, metadata };
}

function prepareData(data: EventData, label: Label): string {
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    throw new InvalidAppendError(`${textOf(label)} is no object. Use { member: value }.`);
  // The members of an event's instance, without its class.
  return toPlainJson({ ...data }, label);
}

function prepareMetadata(event: NewEvent, label: Label): string {
  const metadata: Partial<EventMetadata> = { ...currentMetadata(), ...event.metadata };
  for (const member of requiredMetadata) {
    if (typeof metadata[member] === 'string' && metadata[member] !== '') continue;
    throw new InvalidAppendError(
      `${textOf(label)} has no ${member}. Leave the member out to take it from the context.`,
    );
  }
  return toPlainJson(metadata, label);
}

function prepareId(id: string | undefined, label: Label): string {
  if (id === undefined) return newId();
  const lowerCase = id.toLowerCase();
  if (!uuidPattern.test(lowerCase))
    throw new InvalidAppendError(`${textOf(label)} has an id that is no UUID.`);
  return lowerCase;
}

function checkBytes(data: string, metadata: string, label: Label): void {
  const characters = data.length + metadata.length;
  if (characters * 3 <= appendLimits.bytesPerEvent) return;
  if (Buffer.byteLength(data) + Buffer.byteLength(metadata) > appendLimits.bytesPerEvent) {
    throw new InvalidAppendError(`${textOf(label)} is larger than ${appendLimits.bytesPerEvent} bytes.`);
  }
}

function prepareClaims(claims: readonly ClaimedValue[] = []): readonly ClaimedValue[] {
  checkCount(claims.length, appendLimits.claimsPerAppend, 'claims');
  for (const { scope, value } of claims) {
    checkName(scope, 'The scope of a claim');
    checkLength(value, appendLimits.claimValueLength, `The claimed ${scope}`);
  }
  return claims;
}

function checkExpectedVersion(expected: ExpectedVersion): void {
  if (expected === 'no-stream' || expected === 'stream-exists' || expected === 'any') return;
  if (Number.isInteger(expected) && expected >= 0 && expected <= 2_147_483_647) return;
  throw new InvalidAppendError(
    `The expected version is ${String(expected)}. Use 0, 1, 2 …, 'no-stream', 'stream-exists' or 'any'.`,
  );
}

function checkLastEventId({ expectedVersion, lastEventId }: AppendOptions): void {
  if (lastEventId === undefined) return;
  if (!uuidPattern.test(lastEventId.toLowerCase()))
    throw new InvalidAppendError('The id of the last event is no UUID.');
  if (typeof expectedVersion === 'number' && expectedVersion > 0) return;
  throw new InvalidAppendError(
    `The id of the last event needs an expected version from 1 on, but that is ${expectedVersion}.`,
  );
}

function checkCount(count: number, limit: number, what: string): void {
  if (count > limit)
    throw new InvalidAppendError(`The append has ${count} ${what}; at most ${limit} are allowed.`);
}

function checkName(text: string, label: Label): void {
  if (text === '') throw new InvalidAppendError(`${textOf(label)} is empty.`);
  checkLength(text, appendLimits.nameLength, label);
}

function checkLength(text: string, limit: number, label: Label): void {
  if (text.length > limit)
    throw new InvalidAppendError(`${textOf(label)} is longer than ${limit} characters.`);
  checkText(text, label);
}
