import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';

const rotateAtBytes = 5_000_000;

/** What one attempt adds to `<dataDir>/postgres.log`. Statements in it may hold personal data: mode 600. */
export class ServerLog {
  private constructor(
    readonly file: string,
    private readonly handle: FileHandle,
    private readonly offset: number,
  ) {}

  /**
   * Appends, because another server may be writing the same file, and keeps one older file: the log is
   * bounded at each start, not while a server runs.
   */
  static async open(dataDir: string): Promise<ServerLog> {
    const file = join(dataDir, 'postgres.log');
    const size = (await stat(file).catch(() => undefined))?.size ?? 0;
    if (size > rotateAtBytes) await rename(file, `${file}.1`).catch(() => undefined);
    const handle = await open(file, constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY, 0o600);
    return new ServerLog(file, handle, (await handle.stat()).size);
  }

  get fd(): number {
    return this.handle.fd;
  }

  async added(): Promise<string> {
    return (await readFile(this.file)).subarray(this.offset).toString('utf8');
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
