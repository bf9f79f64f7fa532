import { Logger } from '@nestjs/common';
import { Environment } from '../config/environment';
import { EmbeddedPostgres, startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres';
import { runningEmbeddedPostgres } from '../embedded-postgres/running-postgres';
import { DatabaseRefusedError } from './check-database';
import { checkLog, checkPending, checkServer } from './check-server';
import { migrate } from './migrate';
import { withTls } from './tls';

/** The database cannot be used; the process must not start. */
export class DatabaseStartError extends Error {
  constructor(cause: Error) {
    super(
      `The database cannot be used: ${reason(cause)}. ` +
        'Check that the server of DATABASE_URL runs, that the database exists, and that the role may create tables in it ' +
        '(or that of MIGRATION_DATABASE_URL, where it is set).',
      { cause },
    );
    this.name = 'DatabaseStartError';
  }
}

/** What ends the start: a refusal that names its own mend, or what to look at for an error of the server. */
export function startError(error: unknown): Error {
  return error instanceof DatabaseRefusedError ? error : new DatabaseStartError(error as Error);
}

/** A connection refused on every address of a host has its reasons one level deeper. */
function reason(error: Error): string {
  return error instanceof AggregateError
    ? error.errors.map((e: Error) => e.message).join('; ')
    : error.message;
}

export interface FindOptions {
  /** Uses the embedded Postgres that another process runs on the data directory, where there is one. */
  readonly join?: boolean;
}

export interface OpenOptions extends FindOptions {
  /**
   * Refuses a server that this program cannot use as it is, and a log that takes no appends. Warns of a server that may lose events,
   * and in production refuses it. For the service; commands leave it be.
   */
  readonly check?: boolean;
}

/** The database of this process: a server that is there, or an embedded one that this process started. */
export class Database {
  private constructor(
    readonly url: string,
    readonly embedded?: EmbeddedPostgres,
    private readonly migrationUrl = url,
  ) {}

  /** Finds the server, checks it when asked to, and migrates unless told not to. */
  static async open(environment: Environment, options: OpenOptions = {}): Promise<Database> {
    const database = await Database.find(environment, options);
    try {
      if (options.check) await checkServer(database.url, environment);
      if (environment.MIGRATE_ON_START) await database.migrate();
      else await checkPending(database.url);
      if (options.check) await checkLog(database.url);
      return database;
    } catch (error) {
      await database.stop();
      throw startError(error);
    }
  }

  /** The server of `DATABASE_URL`; without one, the embedded Postgres. */
  static async find(environment: Environment, { join = false }: FindOptions = {}): Promise<Database> {
    if (environment.DATABASE_URL) return Database.at(environment.DATABASE_URL, environment);
    const running = join ? await runningEmbeddedPostgres(environment.DATA_DIR) : undefined;
    if (running !== undefined) return new Database(running);
    const embedded = await startEmbeddedPostgres({ dataDir: environment.DATA_DIR });
    return new Database(embedded.url, embedded);
  }

  private static at(url: string, environment: Environment): Database {
    const { DATABASE_CA_FILE: caFile, MIGRATION_DATABASE_URL: migrationUrl } = environment;
    return new Database(
      withTls(url, 'DATABASE_URL', caFile),
      undefined,
      migrationUrl ? withTls(migrationUrl, 'MIGRATION_DATABASE_URL', caFile) : undefined,
    );
  }

  /** Runs what has not run yet, as the role for migrations where there is one, and returns the names. */
  async migrate(): Promise<readonly string[]> {
    const done = await migrate(this.migrationUrl);
    for (const name of done) new Logger('Migrations').log(`Done: ${name}`);
    return done;
  }

  /** Stops the embedded Postgres, if there is one. Call it when all connections are closed. */
  async stop(): Promise<void> {
    await this.embedded?.stop();
  }
}
