import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

const template = 'annals_template';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** Makes the database that the tests clone. This file imports nothing of `src`, because most test files load it. */
export async function makeTemplateDatabase(migrate: (url: string) => Promise<unknown>): Promise<void> {
  await onServer(`DROP DATABASE IF EXISTS ${template}`);
  await onServer(`CREATE DATABASE ${template}`);
  await migrate(urlOf(template));
}

/** A database of its own for a test file: a clone of the template, or empty. */
export async function createTestDatabase(options: { readonly empty?: boolean } = {}): Promise<TestDatabase> {
  const name = `annals_${randomBytes(8).toString('hex')}`;
  await onServer(`CREATE DATABASE ${name} ${options.empty ? '' : `TEMPLATE ${template}`}`);
  return { url: urlOf(name), drop: () => onServer(`DROP DATABASE ${name} WITH (FORCE)`) };
}

function serverUrl(): string {
  const url = process.env.TEST_POSTGRES_URL;
  if (url === undefined)
    throw new Error('TEST_POSTGRES_URL is missing: run the tests with Jest, which starts a server.');
  return url;
}

function urlOf(database: string): string {
  const url = new URL(serverUrl());
  url.pathname = `/${database}`;
  return url.href;
}

async function onServer(sql: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl() });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
