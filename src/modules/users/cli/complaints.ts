import type { Output } from '../../../platform/cli';

/** A file of the wrong kind is wrong in each line: so often is one thing said, and then counted. */
const mostOfOneKind = 20;

/** What the import has to say of the file, on standard error. */
export class Complaints {
  private readonly counts = new Map<string, number>();
  private hasSaidWaiting = false;

  constructor(private readonly output: Output) {}

  line(line: number, problem: string): void {
    const count = (this.counts.get(problem) ?? 0) + 1;
    this.counts.set(problem, count);
    if (count <= mostOfOneKind || this.output.isForMachines)
      this.output.complain({ line, problem }, `Line ${line}: ${problem}`);
  }

  leftOut(columns: readonly string[]): void {
    const names = columns.map((column) => JSON.stringify(column)).join(', ');
    this.output.complain({ leftOut: columns }, `Columns that are not imported: ${names}`);
  }

  waiting(): void {
    if (this.hasSaidWaiting) return;
    this.hasSaidWaiting = true;
    const sentence = 'The database does not answer. The import waits, and goes on by itself.';
    this.output.complain({ waiting: sentence }, sentence);
  }

  /** How many lines were not told one by one. */
  sum(): void {
    if (this.output.isForMachines) return;
    for (const [problem, count] of this.counts) {
      const more = count - mostOfOneKind;
      if (more > 0) this.output.complain({ more, problem }, `${more} more lines: ${problem}`);
    }
  }
}
