import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { committedDocument, documentFile, type Operation, resolve, type Schema } from './document';

const root = join(__dirname, '..', '..');
const document = committedDocument();
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(
    ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
  ),
);

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'annals-openapi-'))));
afterAll(() => rm(folder, { recursive: true }));

async function run(program: string, ...args: readonly string[]): Promise<void> {
  const env = {
    ...process.env,
    REDOCLY_TELEMETRY: 'off',
    REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
    NO_COLOR: '1',
  };
  await promisify(execFile)(process.execPath, [join(root, program), ...args], { cwd: root, env });
}

describe('what is committed is fresh (else: npm run openapi)', () => {
  it('the document is what the decorators say', async () => {
    const fresh = join(folder, 'openapi.json');
    await run('dist/openapi.js', fresh);
    expect(JSON.parse(await readFile(fresh, 'utf8'))).toEqual(document);
  });

  it('the types of the client are what the document says', async () => {
    const fresh = join(folder, 'api.ts');
    await run('node_modules/openapi-typescript/bin/cli.js', documentFile, '-o', fresh);
    expect(await readFile(join(__dirname, 'api.ts'), 'utf8')).toBe(await readFile(fresh, 'utf8'));
  });
});

it('the linter has nothing to say', () => run('node_modules/@redocly/cli/bin/cli.js', 'lint', documentFile));

it('is OpenAPI 3.1, in the forms of JSON Schema 2020-12', () => {
  expect(document.openapi).toBe('3.1.0');
  expect(JSON.stringify(document)).not.toMatch(
    /"nullable":|"example":|"exclusive(Minimum|Maximum)":(true|false)/,
  );
});

describe('every operation', () => {
  it.each(operations)('%s has a name, a summary, a tag, and says who may', (name, operation) => {
    expect(operation).toMatchObject({
      operationId: expect.stringMatching(/^[a-z][A-Za-z]+$/) as string,
      summary: expect.stringMatching(/\w/) as string,
      tags: [expect.any(String)],
      security: /^GET \/health/.test(name) ? [] : [{ bearer: [] }],
    });
  });

  it.each(operations)('%s describes its parameters', (_, { parameters }) => {
    for (const parameter of parameters) {
      expect(resolve(document, parameter)).toMatchObject({
        description: expect.stringMatching(/\w/) as string,
        schema: expect.any(Object) as object,
      });
    }
  });

  it.each(operations)('%s may fail as every request may', (_, { responses, security }) => {
    const ofAll = ['400', '413', '415', '500', '503'];
    const ofCallers = security.length > 0 ? ['401', '403', '429'] : [];
    expect(Object.keys(responses)).toEqual(expect.arrayContaining([...ofAll, ...ofCallers]));
  });

  it.each(operations)('%s says what a good answer and every problem look like', (_, operation) => {
    for (const [status, response] of responsesOf(operation)) {
      expect(Object.keys(response.headers ?? {})).toContain('X-Correlation-Id');
      const types = Object.keys(response.content ?? {});
      if (status === '304') expect(types).toEqual([]);
      else
        expect([
          ['application/json'],
          ['application/problem+json'],
          ['text/event-stream'],
          ['text/plain'],
        ]).toContainEqual(types);
    }
  });
});

it('every object is closed, but for what the application says in events and keeps in aggregates', () => {
  const open = objectsOf({ schemas: document.components.schemas }, '').filter(
    ([, schema]) => schema.additionalProperties !== false,
  );
  expect(open.map(([path]) => path).sort()).toEqual([
    '/schemas/EventResponse/properties/data',
    '/schemas/EventResponse/properties/metadata',
    '/schemas/FeedItem/properties/data',
    '/schemas/FeedItem/properties/metadata',
    '/schemas/HistoryItem/properties/data',
    '/schemas/StateChangeResponse/properties/from/anyOf/0/oneOf/4',
    '/schemas/StateChangeResponse/properties/to/anyOf/0/oneOf/4',
    '/schemas/StateResponse/properties/state',
  ]);
});

it('every problem code that the document names stands in the closed list, and the list has no other', () => {
  const { enum: listed } = document.components.schemas?.ProblemCode as { enum: string[] };
  const responses = [document.components.responses, document['x-unrouted-responses']];
  const named = [...JSON.stringify(responses).matchAll(/"code":\{"enum":\[([^\]]*)\]/g)].flatMap(
    ([, codes]) => JSON.parse(`[${codes}]`) as string[],
  );
  expect([...new Set(named)].sort()).toEqual(listed);
});

function responsesOf({ responses }: Operation) {
  return Object.entries(responses).map(
    ([status, response]) => [status, resolve(document, response)] as const,
  );
}

/** Every schema of type object below `node`, with its path. */
function objectsOf(node: unknown, path: string): readonly (readonly [string, Schema])[] {
  if (typeof node !== 'object' || node === null) return [];
  const own = (node as Schema).type === 'object' ? [[path, node as Schema] as const] : [];
  return [...own, ...Object.entries(node).flatMap(([key, value]) => objectsOf(value, `${path}/${key}`))];
}
