import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Environment } from '../config/environment';
import { type ApiKeyEntry, parseApiKeys, sha256Of } from './api-key';
import type { Caller } from './caller';
import { DevelopmentKey } from './development-key';
import { withIncluded } from './roles';
import { WatchedKeysFile } from './watched-keys-file';

/** The API keys that are valid now: those of `API_KEYS_FILE` and `API_KEYS`, or the one of a development start. */
@Injectable()
export class ApiKeys {
  private readonly fixed: readonly ApiKeyEntry[];
  private readonly file: WatchedKeysFile | undefined;

  constructor({ API_KEYS, API_KEYS_FILE }: Environment, development: DevelopmentKey) {
    this.fixed = [...parseApiKeys(API_KEYS ?? ''), ...development.entries];
    this.file = API_KEYS_FILE === undefined ? undefined : new WatchedKeysFile(API_KEYS_FILE);
  }

  /** Who bears this key; undefined when it is none. */
  async callerOf(apiKey: string): Promise<Caller | undefined> {
    const entry = matching([...this.fixed, ...((await this.file?.entries()) ?? [])], apiKey);
    return entry && { actor: `key:${entry.id}`, subject: entry.subject, roles: withIncluded(entry.roles) };
  }
}

/** Compares with every entry, each in constant time, so that the time tells nothing about what is stored. */
function matching(entries: readonly ApiKeyEntry[], apiKey: string): ApiKeyEntry | undefined {
  const given = Buffer.from(sha256Of(apiKey));
  let found: ApiKeyEntry | undefined;
  for (const entry of entries) if (timingSafeEqual(given, Buffer.from(entry.sha256))) found = entry;
  return found;
}
