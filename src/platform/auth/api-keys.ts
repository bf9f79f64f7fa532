import { Injectable } from '@nestjs/common';
import { isDatabaseUnavailable, ReadGroups } from '../../event-sourcing';
import { Environment } from '../config/environment';
import { ConfigurationError } from '../config/validate-environment';
import { type ApiKeyEntry, parseApiKeys, problemOfRoles, sha256Of } from './api-key';
import { KeysUnavailableError } from './auth-errors';
import type { Caller } from './caller';
import { DevelopmentKey } from './development-key';
import { KeyTable } from './key-table';
import { DeclaredRoles } from './roles';

/**
 * For how long a process lets a key in without asking the database again, in milliseconds. It counts from before the
 * question was sent. Whoever revokes a key waits for longer than this, and then no process lets it in.
 */
export const knownForMs = 500;

interface Found {
  readonly entry: ApiKeyEntry | undefined;
  readonly askedAt: number;
}

/**
 * The API keys that are valid now: those of the table `api_keys` and of `API_KEYS`, or the one of a development start. Keys are
 * found by their SHA-256, so the time of a search tells nothing that helps to make one.
 */
@Injectable()
export class ApiKeys {
  /** By SHA-256. */
  private readonly fixed: ReadonlyMap<string, ApiKeyEntry>;
  private readonly fixedIds: ReadonlySet<string>;
  /** Keys that were valid when the database was last asked, by SHA-256. */
  private readonly known = new Map<string, Found>();
  /** Guesses cost the database two queries at a time, however many there are. */
  private readonly lookups: ReadGroups<string, Found>;

  /** @throws ConfigurationError for a key of `API_KEYS` whose roles cannot be. */
  constructor(
    { API_KEYS }: Environment,
    development: DevelopmentKey,
    private readonly roles: DeclaredRoles,
    private readonly table: KeyTable,
  ) {
    const given = parseApiKeys(API_KEYS ?? '');
    const problems = problemsOfRoles(given, roles);
    if (problems.length > 0) throw new ConfigurationError(problems);
    const fixed = [...given, ...development.entries];
    this.fixed = new Map(fixed.map((entry) => [entry.sha256, entry]));
    this.fixedIds = new Set(fixed.map(({ id }) => id));
    this.lookups = new ReadGroups((hashes) => this.ask(hashes));
  }

  /**
   * Who bears this key; undefined when it is none. An id names one key: that of `API_KEYS` when the table has it too.
   * @throws KeysUnavailableError when that cannot be told now.
   */
  async callerOf(apiKey: string): Promise<Caller | undefined> {
    const sha256 = sha256Of(apiKey);
    const entry = this.fixed.get(sha256) ?? (await this.stored(sha256));
    return (
      entry && {
        actor: `key:${entry.id}`,
        subject: entry.subject,
        roles: this.roles.withIncluded(entry.roles),
      }
    );
  }

  /** What is wrong with the keys while the database is there; undefined when nothing is. */
  async problem(): Promise<string | undefined> {
    try {
      await this.table.findValid([]);
      return undefined;
    } catch (error) {
      if (isDatabaseUnavailable(error)) throw error;
      return 'the table api_keys cannot be read';
    }
  }

  private async stored(sha256: string): Promise<ApiKeyEntry | undefined> {
    const known = this.known.get(sha256);
    if (known && performance.now() - known.askedAt < knownForMs) return known.entry;
    const found = await this.lookups.get(sha256).catch((cause: unknown) => {
      throw new KeysUnavailableError(cause);
    });
    if (found.entry) this.known.set(sha256, found);
    else this.known.delete(sha256);
    return found.entry;
  }

  private async ask(hashes: readonly string[]): Promise<readonly Found[]> {
    const askedAt = performance.now();
    const entries = await this.table.findValid(hashes);
    return entries.map((entry) => ({
      entry: entry && this.fixedIds.has(entry.id) ? undefined : entry,
      askedAt,
    }));
  }
}

function problemsOfRoles(entries: readonly ApiKeyEntry[], roles: DeclaredRoles): string[] {
  return entries.flatMap((entry, index) => {
    const problem = problemOfRoles(entry, roles);
    return problem === undefined ? [] : [`API_KEYS must be keys: key ${index + 1}: ${problem}`];
  });
}
