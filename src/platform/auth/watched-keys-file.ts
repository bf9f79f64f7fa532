import { Logger } from '@nestjs/common';
import type { ApiKeyEntry } from './api-key';
import { KeysUnavailableError } from './auth-errors';
import { isMissing, readKeysFile } from './keys-file';
import { within } from './within';

/** Milliseconds. */
interface Pauses {
  /** How old the known content may be: a revoked key works no longer than this. */
  readonly readAgainAfter: number;
  /** How long a read may take: storage that hangs must not hold a request. */
  readonly timeout: number;
  /** For how long the known content serves while the process or the storage is short of something. */
  readonly grace: number;
  /** How often a problem that stays is said again. */
  readonly complainAgainAfter: number;
}

const defaults: Pauses = { readAgainAfter: 1_000, timeout: 1_000, grace: 30_000, complainAgainAfter: 30_000 };

/** The process has too much open, or the storage is slow: this says nothing of the file. */
const passing = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EINTR', 'ETIMEDOUT']);

/**
 * A keys file, read again as requests come in, so that new keys work and revoked ones do not, without a restart. When it can
 * no longer be read, its keys are not trusted any more.
 */
export class WatchedKeysFile {
  private readonly logger = new Logger('ApiKeys');
  private known: readonly ApiKeyEntry[] = [];
  /** Until when the known content may serve: without limit after a read that succeeded. */
  private goodUntil = -Infinity;
  /** The read that is under way in the storage; one that hangs is not joined by a second one. */
  private underWay: ReturnType<typeof readKeysFile> | undefined;
  private reading: Promise<void> | undefined;
  private readAt = -Infinity;
  private lastComplaint = { problem: '', at: -Infinity };

  constructor(
    private readonly path: string,
    private readonly pauses: Pauses = defaults,
  ) {}

  /** @throws KeysUnavailableError while the file cannot be read. */
  async entries(): Promise<readonly ApiKeyEntry[]> {
    if (performance.now() - this.readAt >= this.pauses.readAgainAfter) {
      this.readAt = performance.now();
      this.reading = this.read();
    }
    await this.reading;
    if (performance.now() > this.goodUntil) throw new KeysUnavailableError();
    return this.known;
  }

  /** Never rejects. A file that is gone holds no key, and neither does a line that cannot be read. */
  private async read(): Promise<void> {
    try {
      this.underWay ??= readKeysFile(this.path).finally(() => (this.underWay = undefined));
      const { entries, problems } = await within(this.pauses.timeout, this.underWay);
      this.know(entries);
      this.complain(problems.map(({ message }) => message).join('; '));
    } catch (error) {
      if (isMissing(error)) this.know([]);
      else this.distrust(passing.has((error as NodeJS.ErrnoException).code ?? '') ? this.pauses.grace : 0);
      this.complain((error as Error).message);
    }
  }

  private know(entries: readonly ApiKeyEntry[]): void {
    this.known = entries;
    this.goodUntil = Infinity;
  }

  private distrust(afterMs: number): void {
    this.goodUntil = Math.min(this.goodUntil, performance.now() + afterMs);
  }

  private complain(problem: string): void {
    const now = performance.now();
    const isNew =
      problem !== this.lastComplaint.problem || now - this.lastComplaint.at > this.pauses.complainAgainAfter;
    if (!isNew) return;
    if (problem !== '') this.logger.error(`The keys file ${this.path} has a problem: ${problem}`);
    this.lastComplaint = { problem, at: now };
  }
}
