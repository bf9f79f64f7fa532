import type { ApiKeyEntry } from './api-key';

/** Sends one statement to the database of the service, and gives its rows. */
export type AskDatabase = (sql: string, values: readonly unknown[]) => Promise<readonly object[]>;

/** A key of the table, revoked or not. */
export interface StoredKey extends ApiKeyEntry {
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

interface KeyRow {
  readonly id: string;
  readonly sha256: string;
  readonly roles: readonly string[];
  readonly subject: string | null;
  readonly created_at: Date;
  readonly revoked_at: Date | null;
}

const columns = 'id, sha256, roles, subject, created_at, revoked_at';

/** The table `api_keys`. Nothing is deleted there: an id names one key for ever. */
export class KeyTable {
  constructor(private readonly ask: AskDatabase) {}

  /** For each hash, in their order, the key that is valid now; undefined where there is none. */
  async findValid(hashes: readonly string[]): Promise<readonly (StoredKey | undefined)[]> {
    const sql = `SELECT ${columns} FROM api_keys WHERE sha256 = ANY ($1) AND revoked_at IS NULL`;
    const found = new Map((await this.read(sql, [hashes])).map((key) => [key.sha256, key]));
    return hashes.map((sha256) => found.get(sha256));
  }

  /** Every key, the oldest first. */
  all(): Promise<readonly StoredKey[]> {
    return this.read(`SELECT ${columns} FROM api_keys ORDER BY created_at, id`, []);
  }

  async withId(id: string): Promise<StoredKey | undefined> {
    const [key] = await this.read(`SELECT ${columns} FROM api_keys WHERE id = $1`, [id]);
    return key;
  }

  async hasValid(): Promise<boolean> {
    return (await this.ask('SELECT 1 FROM api_keys WHERE revoked_at IS NULL LIMIT 1', [])).length > 0;
  }

  /** Resolves with false when the table has a key of this id or hash already, revoked or not. */
  async add({ id, sha256, roles, subject }: ApiKeyEntry): Promise<boolean> {
    const sql = `INSERT INTO api_keys (id, sha256, roles, subject) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING id`;
    return (await this.ask(sql, [id, sha256, roles, subject ?? null])).length > 0;
  }

  /** Resolves with false when there is no key of this id. A key that was revoked before keeps its time. */
  async revoke(id: string): Promise<boolean> {
    const sql = `
      WITH revoked AS (
        UPDATE api_keys SET revoked_at = COALESCE(revoked_at, now()) WHERE id = $1 RETURNING id
      )
      SELECT id FROM revoked`;
    return (await this.ask(sql, [id])).length > 0;
  }

  private async read(sql: string, values: readonly unknown[]): Promise<readonly StoredKey[]> {
    const rows = (await this.ask(sql, values)) as readonly KeyRow[];
    return rows.map(({ subject, created_at: createdAt, revoked_at: revokedAt, ...row }) => ({
      ...row,
      subject: subject ?? undefined,
      createdAt,
      revokedAt,
    }));
  }
}
