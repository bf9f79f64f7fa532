import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Environment } from '../config/environment';
import { ConfigurationError } from '../config/validate-environment';
import { type ApiKeyEntry, parseApiKeys, problemOfRoles, sha256Of } from './api-key';
import type { Caller } from './caller';
import { DevelopmentKey } from './development-key';
import { DeclaredRoles } from './roles';
import { WatchedKeysFile } from './watched-keys-file';

/** The API keys that are valid now: those of `API_KEYS_FILE` and `API_KEYS`, or the one of a development start. */
@Injectable()
export class ApiKeys {
  private readonly fixed: readonly ApiKeyEntry[];
  private readonly file: WatchedKeysFile | undefined;

  /** @throws ConfigurationError for a key of `API_KEYS` whose roles cannot be. */
  constructor(
    { API_KEYS, API_KEYS_FILE }: Environment,
    development: DevelopmentKey,
    private readonly roles: DeclaredRoles,
  ) {
    const given = parseApiKeys(API_KEYS ?? '');
    const problems = problemsOfRoles(given, roles);
    if (problems.length > 0) throw new ConfigurationError(problems);
    this.fixed = [...given, ...development.entries];
    this.file = API_KEYS_FILE === undefined ? undefined : new WatchedKeysFile(API_KEYS_FILE);
  }

  /**
   * Who bears this key; undefined when it is none. An id names one key: that of `API_KEYS` when both have it.
   * @throws KeysUnavailableError when that cannot be told now.
   */
  async callerOf(apiKey: string): Promise<Caller | undefined> {
    const entry = matching(this.fixed, apiKey) ?? matching(await this.ofFile(), apiKey);
    return (
      entry && {
        actor: `key:${entry.id}`,
        subject: entry.subject,
        roles: this.roles.withIncluded(entry.roles),
      }
    );
  }

  /** What is wrong with the keys, for those who watch over the service; undefined when nothing is. */
  async problem(): Promise<string | undefined> {
    try {
      await this.file?.entries();
      return undefined;
    } catch {
      return 'the keys file cannot be read';
    }
  }

  private async ofFile(): Promise<readonly ApiKeyEntry[]> {
    const entries = (await this.file?.entries()) ?? [];
    return entries.filter(
      (entry) =>
        problemOfRoles(entry, this.roles) === undefined && !this.fixed.some(({ id }) => id === entry.id),
    );
  }
}

function problemsOfRoles(entries: readonly ApiKeyEntry[], roles: DeclaredRoles): string[] {
  return entries.flatMap((entry, index) => {
    const problem = problemOfRoles(entry, roles);
    return problem === undefined ? [] : [`API_KEYS must be keys: key ${index + 1}: ${problem}`];
  });
}

/** Compares with every entry, each in constant time, so that the time tells nothing about what is stored. */
function matching(entries: readonly ApiKeyEntry[], apiKey: string): ApiKeyEntry | undefined {
  const given = Buffer.from(sha256Of(apiKey));
  let found: ApiKeyEntry | undefined;
  for (const entry of entries) if (timingSafeEqual(given, Buffer.from(entry.sha256))) found = entry;
  return found;
}
