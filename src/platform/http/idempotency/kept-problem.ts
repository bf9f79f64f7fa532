import { currentMetadata } from '../../../event-sourcing';
import type { Problem } from '../problem';
import { KeptProblemError } from './kept-problem-error';

/** Refusals that stand: the rules and the state of the moment decided. All others may be cured by trying again. */
const keptStatuses = new Set([404, 409, 412, 422]);
/** A conflict that says "try again" would keep the client from doing so. */
const passing = new Set(['version-conflict', 'idempotency-key-in-progress', 'idempotency-key-reused']);

/** The refusal as text to keep; undefined for one that is not kept. */
export function noteOf(problem: Problem | undefined): string | undefined {
  if (!problem || !keptStatuses.has(problem.status) || passing.has(problem.code)) return undefined;
  return JSON.stringify({ problem, correlationId: currentMetadata().correlationId });
}

export function keptProblem(note: string): KeptProblemError {
  const { problem, correlationId } = JSON.parse(note) as KeptProblemError;
  return new KeptProblemError(problem, correlationId);
}
