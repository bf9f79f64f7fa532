import { Logger } from '@nestjs/common';
import { Environment } from '../config/environment';
import { EmbeddedPostgres, startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres';
import { migrate } from './migrate';

/** The database of this process: a server that is there, or an embedded one that this process started. */
export class Database {
  private constructor(
    readonly url: string,
    readonly embedded?: EmbeddedPostgres,
  ) {}

  /** Starts the embedded Postgres where no `DATABASE_URL` names a server, and migrates unless told not to. */
  static async open(environment: Environment): Promise<Database> {
    const database = await Database.find(environment);
    try {
      if (environment.MIGRATE_ON_START) {
        for (const name of await migrate(database.url)) new Logger('Migrations').log(`Done: ${name}`);
      }
      return database;
    } catch (error) {
      await database.stop();
      throw error;
    }
  }

  /** Stops the embedded Postgres, if there is one. Call it when all connections are closed. */
  async stop(): Promise<void> {
    await this.embedded?.stop();
  }

  private static async find(environment: Environment): Promise<Database> {
    if (environment.DATABASE_URL) return new Database(environment.DATABASE_URL);
    const embedded = await startEmbeddedPostgres({ dataDir: environment.DATA_DIR });
    return new Database(embedded.url, embedded);
  }
}
