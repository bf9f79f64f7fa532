import { DiagnosticChannel, DiagnosticWork } from '../diagnostics';
import { StreamId } from './event-envelope';

/** One append, from the call to its verdict, the time in the queue included. */
export interface AppendWork {
  readonly stream: StreamId;
  readonly events: number;
  /** What a subscriber puts here when the work starts is stored in the metadata of each event. */
  readonly metadata: Record<string, string>;
}
export const appending = new DiagnosticWork<AppendWork>('annals:append');

/** A batch of appends has come back from the database. A batch that failed is sent again append by append, and so counts again. */
export interface AppendBatch {
  readonly appends: number;
  /** Of all its appends, refused ones included. */
  readonly events: number;
  /** From sending it to its verdicts or its failure; pauses before it was sent again included. */
  readonly milliseconds: number;
  /** `answered`: each append got a verdict, good or bad. `failed`: the statement failed, or the database was away. */
  readonly outcome: 'answered' | 'failed';
}
export const appendBatch = new DiagnosticChannel<AppendBatch>('annals:append:batch');

/** An append was refused, because its stream was not at the version that it expected. */
export interface AppendConflict {
  readonly aggregateType: string;
}
export const appendConflict = new DiagnosticChannel<AppendConflict>('annals:append:conflict');

/** An append was refused, because another stream holds a value that it claims. */
export interface ClaimTaken {
  readonly aggregateType: string;
  readonly scope: string;
}
export const claimTaken = new DiagnosticChannel<ClaimTaken>('annals:append:claim-taken');
