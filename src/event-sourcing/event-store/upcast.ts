import { comesLater, DomainEventDefinition, EventData } from '../domain';
import { RecordedEvent } from './event-envelope';
import { freezeJson } from './freeze-json';
import { plainJsonFlaw } from './plain-json';
import { UnknownSchemaVersionError, UpcastError } from './registry-errors';

/**
 * The data of an event, raised step by step to the schema version of its class.
 * @throws UnknownSchemaVersionError, and UpcastError for a step that fails, gives no data, or changes its argument.
 */
export function upcast(
  recorded: RecordedEvent,
  { type, version, upcasters }: DomainEventDefinition,
): EventData {
  if (recorded.schemaVersion > version) {
    throw new UnknownSchemaVersionError(type, recorded.schemaVersion, version);
  }
  if (recorded.schemaVersion === version) return recorded.data;
  // A copy, which is frozen for the steps: one that changes its argument fails, and what was recorded stays as it is.
  let data = JSON.parse(JSON.stringify(recorded.data)) as EventData;
  for (let from = recorded.schemaVersion; from < version; from++) {
    const step = upcasters[from];
    if (!step) throw new UpcastError(recorded, from, 'is missing');
    data = given(step, data, (what, cause) => new UpcastError(recorded, from, what, cause));
  }
  return data;
}

type Failure = (what: string, cause?: unknown) => UpcastError;

function given(step: (data: EventData) => unknown, data: EventData, failure: Failure): EventData {
  const next = result(step, data, failure);
  const kind = kindOf(next);
  if (kind !== 'an object')
    throw failure(`gave ${kind}. It must give an object with the members of the event`);
  const flaw = plainJsonFlaw(next, 'its data');
  if (flaw !== undefined) throw failure(`gave what cannot be stored: ${flaw}`);
  return next as EventData;
}

function result(step: (data: EventData) => unknown, data: EventData, failure: Failure): unknown {
  freezeJson(data);
  try {
    return step(data);
  } catch (error) {
    if (isWriteToFrozen(error))
      throw failure(`changes its argument (${error.message}). Give a new object`, error);
    throw failure(
      `failed: ${error instanceof Error ? `${error.name}: ${error.message}` : typeof error}`,
      error,
    );
  }
}

/** As the engine says it in strict code: V8 has no other sign of it. */
function isWriteToFrozen(error: unknown): error is TypeError {
  const words =
    /^Cannot (?:assign to read only property|add property|delete property|define property)|object is not extensible/;
  return error instanceof TypeError && words.test(error.message);
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (comesLater(value)) return 'a promise';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
