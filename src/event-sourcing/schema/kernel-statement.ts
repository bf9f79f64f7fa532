import type { BoundedPool, Statement } from '../postgres/bounded-pool';
import type { KernelSchema } from './kernel-schema';
import type { KernelSql } from './sql';

/** A prepared statement of the kernel. */
export interface KernelStatement extends Omit<Statement, 'text'> {
  readonly text: KernelSql;
}

export type RunKernelStatement = <R>(statement: KernelStatement) => Promise<R[]>;

/** Runs statements of the kernel on connections of its own. */
export function runOn(pool: BoundedPool, schema: KernelSchema): RunKernelStatement {
  return (statement) => pool.run({ ...statement, text: statement.text(schema) });
}
