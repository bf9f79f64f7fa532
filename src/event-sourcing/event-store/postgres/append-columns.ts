import { ExpectedVersion } from '../event-store';
import { PreparedAppend, PreparedEvent } from '../prepare-append';
import { booleanArray, integerArray, jsonArray, textArray, uuidArray } from './binary-arrays';

export function streamColumns(batch: readonly PreparedAppend[]): Buffer[] {
  return [
    textArray(batch.map(({ stream }) => stream.type)),
    textArray(batch.map(({ stream }) => stream.id)),
    integerArray(batch.map(({ expectedVersion }) => expectedNumber(expectedVersion))),
  ];
}

export function lastEventIds(batch: readonly PreparedAppend[]): Buffer {
  return uuidArray(batch.map(({ lastEventId }) => lastEventId));
}

export function eventColumns(events: readonly PreparedEvent[]): Buffer[] {
  return [
    uuidArray(events.map(({ id }) => id)),
    textArray(events.map(({ type }) => type)),
    integerArray(events.map(({ schemaVersion }) => schemaVersion)),
    jsonArray(events.map(({ data }) => data)),
    jsonArray(events.map(({ metadata }) => metadata)),
  ];
}

export function claimColumns(batch: readonly PreparedAppend[]): Buffer[] {
  const claims = batch.flatMap(({ claims, releases }, index) => [
    ...claims.map((claim) => ({ ...claim, append: index + 1, release: false })),
    ...releases.map((claim) => ({ ...claim, append: index + 1, release: true })),
  ]);
  return [
    integerArray(claims.map((claim) => claim.append)),
    textArray(claims.map((claim) => claim.scope)),
    textArray(claims.map((claim) => claim.value)),
    booleanArray(claims.map((claim) => claim.release)),
  ];
}

/** As the functions in schema/functions take it. */
export function expectedNumber(expected: ExpectedVersion): number {
  switch (expected) {
    case 'no-stream':
      return 0;
    case 'stream-exists':
      return -1;
    case 'any':
      return -2;
    default:
      return expected;
  }
}
