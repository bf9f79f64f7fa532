import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger, OnApplicationShutdown } from '@nestjs/common';
import { Environment } from '../config/environment';
import { type ApiKeyEntry, newApiKey, sha256Of } from './api-key';
import { ADMIN } from './roles';

/** The admin key of a start in development with nothing configured: a new one for each start, valid until the process stops. */
export class DevelopmentKey implements OnApplicationShutdown {
  /** Undefined when authentication is configured. */
  readonly apiKey: string | undefined;
  private file: string | undefined;

  constructor(
    private readonly environment: Environment,
    isNeeded: boolean,
  ) {
    this.apiKey = isNeeded ? newApiKey() : undefined;
  }

  get entries(): readonly ApiKeyEntry[] {
    if (this.apiKey === undefined) return [];
    return [{ id: 'development', roles: [ADMIN], sha256: sha256Of(this.apiKey) }];
  }

  /**
   * Leaves the key in `DATA_DIR/api-key.<port>`, readable by its owner only, for programs of the same person (`npm run
   * demo`). A convenience: where it cannot be written, nothing is lost but that.
   */
  async leaveFor(url: string): Promise<void> {
    if (this.apiKey === undefined) return;
    const { DATA_DIR } = this.environment;
    const file = join(DATA_DIR, `api-key.${new URL(url).port}`);
    try {
      await mkdir(DATA_DIR, { recursive: true });
      // A file that a killed process left keeps its mode when it is written to.
      await rm(file, { force: true });
      await writeFile(file, `${this.apiKey}\n`, { mode: 0o600, flag: 'wx' });
      await chmod(file, 0o600);
      this.file = file;
    } catch (error) {
      new Logger('ApiKeys').warn(`The key of this run was not left in ${file}: ${(error as Error).message}`);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.file === undefined) return;
    const content = await readFile(this.file, 'utf8').catch(() => '');
    if (content.trim() === this.apiKey) await rm(this.file, { force: true });
  }
}
