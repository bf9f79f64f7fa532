import { DiagnosticChannel } from '../diagnostics';

/** An update lost a race, and will load and decide again. */
export interface UpdateRetry {
  readonly aggregateType: string;
  /** The attempt that was lost: 1, 2, 3 … */
  readonly attempt: number;
}
export const updateRetry = new DiagnosticChannel<UpdateRetry>('annals:repository:retry');
