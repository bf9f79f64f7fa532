import { readFileSync, writeFileSync } from 'node:fs';

/** How many times as fast as the unit each workload is. */
export type Ratios = Readonly<Record<string, number>>;

export interface HistoryEntry {
  readonly at: string;
  readonly machine: string;
  readonly ratios: Ratios;
}

/** So many of the last records are looked at: one that was lucky, or unlucky, does not move the mark. */
const remembered = 5;

/** The ratios that were recorded in the repository, oldest first. */
export class History {
  private constructor(
    private readonly file: string,
    private readonly entries: readonly HistoryEntry[],
  ) {}

  static read(file: string): History {
    return new History(file, JSON.parse(readFileSync(file, 'utf8')) as HistoryEntry[]);
  }

  record(entry: HistoryEntry): void {
    writeFileSync(this.file, `${JSON.stringify([...this.entries, entry], null, 2)}\n`);
  }

  /** Which workloads are below half of what is recorded of them. */
  tooSlow(ratios: Ratios): readonly string[] {
    return Object.keys(ratios).filter((name) => (ratios[name] ?? 0) < (this.recorded(name) ?? 0) / 2);
  }

  tableOf(ratios: Ratios): string {
    const lines = Object.entries(ratios).map(
      ([name, ratio]) =>
        `${name.padEnd(24)} ${ratio.toFixed(2)}, recorded ${this.recorded(name)?.toFixed(2) ?? 'never'}`,
    );
    return ['Times the bare INSERT, or the raw read:', ...lines].join('\n');
  }

  /** The median of the last records. */
  private recorded(name: string): number | undefined {
    const ratios = this.entries.slice(-remembered).flatMap((entry) => entry.ratios[name] ?? []);
    return ratios.sort((a, b) => a - b)[ratios.length >> 1];
  }
}
