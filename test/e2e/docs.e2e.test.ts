import { type ServiceProcess, startService } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { committedDocument } from '../openapi/document';
import { Client, expectRefused } from './client';

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());

async function withService(
  environment: Readonly<Record<string, string>>,
  work: (service: ServiceProcess) => Promise<void>,
): Promise<void> {
  const service = await startService({ DATABASE_URL: database.url, ...environment });
  try {
    await work(service);
  } finally {
    await service.end();
  }
}

it('the service gives the committed document, and a page that shows it', async () => {
  await withService({}, async ({ url }) => {
    const json = await fetch(`${url}/docs-json`);
    expect(json.headers.get('Content-Type')).toBe('application/json; charset=utf-8');
    expect(await json.json()).toEqual(committedDocument());
    const page = await fetch(`${url}/docs`);
    expect(page.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    const html = await page.text();
    const scripts = [...html.matchAll(/(?:src|href)="(\.\/docs\/[^"]+)"/g)].map(([, path]) => path ?? '');
    expect(scripts).toEqual(
      expect.arrayContaining(['./docs/swagger-ui-bundle.js', './docs/swagger-ui-init.js']),
    );
    for (const path of scripts)
      expect([path, (await fetch(new URL(path, `${url}/docs`))).status]).toEqual([path, 200]);
  });
});

it('with DOCS_ENABLED=false there is neither', async () => {
  await withService({ DOCS_ENABLED: 'false' }, async ({ url }) => {
    const client = new Client(url);
    for (const path of [
      '/docs',
      '/docs/',
      '/docs-json',
      '/docs-yaml',
      '/docs/swagger-ui-init.js',
      '/docs/index.html',
    ])
      expectRefused(await client.get(path), 404, 'not-found');
  });
});
