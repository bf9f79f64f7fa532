import { startService, type ServiceProcess } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { Client } from './client';

export interface RunningService {
  readonly service: ServiceProcess;
  readonly database: TestDatabase;
  readonly client: Client;
  /** Stops the service, which must exit with 0, and drops the database. */
  end(): Promise<void>;
}

/** Starts the built service on a database of its own. */
export async function startOnNewDatabase(): Promise<RunningService> {
  const database = await createTestDatabase();
  try {
    const service = await startService({ DATABASE_URL: database.url });
    return { service, database, client: new Client(service.url), end: () => end(service, database) };
  } catch (error) {
    await database.drop();
    throw error;
  }
}

async function end(service: ServiceProcess, database: TestDatabase): Promise<void> {
  const code = await service.end();
  await database.drop();
  if (code !== 0) throw new Error(`The service exited with ${code}:\n${service.output()}`);
}
