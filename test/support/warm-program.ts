import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ProgramResult } from './service-process';

interface Place {
  readonly cwd?: string;
  /** The variables of every run. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * A program whose process is kept for the next run, because to load it takes longer than most runs do. For programs that
 * end; one run at a time. The process starts with the first run.
 */
export class WarmProgram {
  private child: ChildProcess | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly path: string,
    private readonly place: Place,
  ) {}

  /** By a signal that no program hears: what a refused start left behind would take SIGTERM for an order to stop. */
  end(): void {
    this.child?.kill('SIGKILL');
  }

  run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<ProgramResult> {
    const result = this.last.then(() => this.ask({ args, environment }));
    this.last = result.catch(() => undefined);
    return result;
  }

  private async ask(run: object): Promise<ProgramResult> {
    const child = (this.child ??= fork(join(__dirname, 'run-warm.cjs'), [this.path], {
      ...this.place,
      execArgv: [],
    }));
    const answered = new AbortController();
    const { signal } = answered;
    const ended = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(`The process of ${this.path} ended with ${code} in the middle of a run.`);
    });
    const answer = once(child, 'message', { signal }) as Promise<[ProgramResult]>;
    child.send(run);
    try {
      const [result] = await Promise.race([answer, ended]);
      return result;
    } finally {
      answered.abort();
    }
  }
}
