import { Problem } from '../problem';

/** A refusal as it was given to the first request. */
export class KeptProblemError extends Error {
  constructor(
    readonly problem: Problem,
    /** Of the first request: the problem names it, and it leads to the log. */
    readonly correlationId: string,
  ) {
    super(problem.detail);
    this.name = 'KeptProblemError';
  }
}
