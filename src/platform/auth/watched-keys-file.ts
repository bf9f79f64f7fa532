import { Logger } from '@nestjs/common';
import type { ApiKeyEntry } from './api-key';
import { isMissing, readKeysFile } from './keys-file';

/** How old, in milliseconds, the known content may be: a revoked key works no longer than this. */
const readAgainAfter = 1_000;

/** A keys file, read again as requests come in, so that new keys work and revoked ones do not, without a restart. */
export class WatchedKeysFile {
  private readonly logger = new Logger('ApiKeys');
  private known: readonly ApiKeyEntry[] = [];
  private reading: Promise<void> | undefined;
  private readAt = -Infinity;
  private lastComplaint = '';

  constructor(private readonly path: string) {}

  async entries(): Promise<readonly ApiKeyEntry[]> {
    if (performance.now() - this.readAt >= readAgainAfter) {
      this.readAt = performance.now();
      this.reading = this.read();
    }
    await this.reading;
    return this.known;
  }

  /**
   * Never rejects. A file that is gone holds no key, and neither does a line that cannot be read; a file that cannot be
   * read for another reason (no free file descriptor) changes nothing.
   */
  private async read(): Promise<void> {
    try {
      const { entries, problems } = await readKeysFile(this.path);
      this.known = entries;
      this.complain(problems.map(({ message }) => message).join('; '));
    } catch (error) {
      if (isMissing(error)) this.known = [];
      this.complain((error as Error).message);
    }
  }

  private complain(problem: string): void {
    if (problem !== '' && problem !== this.lastComplaint)
      this.logger.error(`The keys file ${this.path} has a problem: ${problem}`);
    this.lastComplaint = problem;
  }
}
