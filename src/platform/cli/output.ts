import { Presets, SingleBar } from 'cli-progress';
import { visible } from './visible';

/** What a command prints: for people, or one JSON document a line for machines (`--json`). */
export class Output {
  constructor(readonly isForMachines: boolean) {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      // The reader of a pipe (`| head`) has seen enough.
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }

  /** A result: `record` for machines, `text` for people. */
  print(record: object, text: string): void {
    process.stdout.write(`${this.isForMachines ? JSON.stringify(record, bigintAsText) : visible(text)}\n`);
  }

  /** Something that went wrong with a part of the work. */
  complain(record: object, text: string): void {
    process.stderr.write(`${this.isForMachines ? JSON.stringify(record, bigintAsText) : visible(text)}\n`);
  }

  /** A bar on a terminal; nothing elsewhere. */
  progress(title: string): Progress {
    return new Progress(title, process.stderr.isTTY && !this.isForMachines);
  }
}

/**
 * Resolves when the readers of standard output and standard error have taken all that was printed. To exit sooner would
 * cut off what a slow reader of a pipe has not taken yet.
 */
export async function allPrinted(): Promise<void> {
  const taken = (stream: NodeJS.WriteStream): Promise<void> =>
    new Promise((resolve) => stream.write('', () => resolve()));
  await Promise.all([taken(process.stdout), taken(process.stderr)]);
}

/** How far a command has got. */
export class Progress {
  private readonly bar: SingleBar | undefined;
  private isStarted = false;

  constructor(title: string, isShown: boolean) {
    const format = `${title} {bar} {percentage} % | {value}/{total} | {eta_formatted} left`;
    if (isShown) this.bar = new SingleBar({ format, stream: process.stderr }, Presets.shades_classic);
  }

  update(done: number, total: number): void {
    if (this.isStarted) {
      this.bar?.setTotal(total);
      this.bar?.update(done);
    } else {
      this.bar?.start(total, done);
      this.isStarted = true;
    }
  }

  stop(): void {
    if (this.isStarted) this.bar?.stop();
  }
}

function bigintAsText(_member: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
