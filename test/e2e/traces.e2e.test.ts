import { randomUUID } from 'node:crypto';
import { startService, type ServiceProcess } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { Client } from './client';
import { type Collector, type Span, startCollector } from './collector';
import { commandLineOf, eventually, query, temporaryFolder } from './command-line';
import { createUser, getUser, historyOf, newEmail } from './users';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

interface StoredMetadata {
  readonly metadata: Readonly<Record<string, string>>;
}

const storedMetadata = async (userId: string): Promise<StoredMetadata['metadata'][]> =>
  (
    await query<StoredMetadata>(
      database.url,
      `SELECT metadata FROM annals.events WHERE aggregate_id = '${userId}' ORDER BY position`,
    )
  ).map(({ metadata }) => metadata);

const attribute = (span: Span, name: string): unknown =>
  Object.values(span.attributes.find(({ key }) => key === name)?.value ?? {})[0];

describe('a service with a collector', () => {
  let collector: Collector;
  let service: ServiceProcess;
  let client: Client;
  beforeAll(async () => {
    collector = await startCollector();
    service = await startService({
      DATABASE_URL: database.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '50',
      LOG_FORMAT: 'json',
    });
    client = new Client(service.url);
  });
  afterAll(async () => {
    const code = await service.end();
    await collector.close();
    expect(code).toBe(0);
  });

  const spansOf = (correlationId: string): readonly Span[] => {
    const all = collector.spans();
    const first = all.find((span) => attribute(span, 'annals.correlation_id') === correlationId);
    return all.filter(({ traceId }) => traceId === first?.traceId);
  };
  const named = (spans: readonly Span[], name: string): Span => {
    const found = spans.filter((span) => span.name === name);
    expect([name, found.length]).toEqual([name, 1]);
    return found[0] as Span;
  };
  const expectParent = (child: Span, parent: Span): void =>
    expect([child.name, child.parentSpanId]).toEqual([child.name, parent.spanId]);

  it('joins request, command, append, projection and handler in one trace', async () => {
    const correlationId = `trace-${randomUUID()}`;
    const created = await client.post<{ userId: string; version: number; position: string }>(
      '/v1/users',
      { name: 'Ada', email: newEmail() },
      { 'X-Correlation-Id': correlationId },
    );
    await getUser(client, created.body);
    await eventually('all spans have come', () => {
      const names = spansOf(correlationId).map(({ name }) => name);
      const expected = ['POST /v1/users', 'project users', 'handle welcome-message'];
      return Promise.resolve(expected.every((name) => names.includes(name)));
    });

    const spans = spansOf(correlationId);
    const request = named(spans, 'POST /v1/users');
    const command = named(spans, 'command CreateUser');
    const append = named(spans, 'append User');
    const projection = named(spans, 'project users');
    expect(request.parentSpanId ?? '').toBe('');
    expectParent(command, request);
    expectParent(append, command);
    expectParent(projection, append);
    expectParent(named(spans, 'handle welcome-message'), append);
    expect(attribute(request, 'http.route')).toBe('/v1/users');
    expect(attribute(projection, 'annals.event.position')).toBe(created.body.position);
    // Collected rows are written together, for all events of a page, and belong to none of their traces.
    const inserts = spans.filter((span) => /^pg\..*INSERT/.test(span.name));
    expect(inserts).toEqual([]);
    const [metadata] = await storedMetadata(created.body.userId);
    expect(metadata?.traceparent).toBe(`00-${append.traceId}-${append.spanId}-01`);
  });

  it('goes on with the trace of its caller', async () => {
    const traceId = randomUUID().replaceAll('-', '');
    const created = await client.post<{ userId: string }>(
      '/v1/users',
      { name: 'Ada', email: newEmail() },
      { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
    );
    const [metadata] = await storedMetadata(created.body.userId);
    expect(metadata?.traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  });

  it('keeps the traces of requests apart, though their appends travel in one batch', async () => {
    const users = await Promise.all(Array.from({ length: 50 }, () => createUser(client)));
    await eventually('all projections have come', () =>
      Promise.resolve(
        users.every(({ position }) =>
          collector
            .spans()
            .some(
              (span) =>
                span.name === 'project users' && attribute(span, 'annals.event.position') === position,
            ),
        ),
      ),
    );
    const projections = collector
      .spans()
      .filter((span) => users.some(({ position }) => attribute(span, 'annals.event.position') === position))
      .filter(({ name }) => name === 'project users');
    expect(new Set(projections.map(({ traceId }) => traceId)).size).toBe(users.length);
  });

  it('sends no address, name, query or raw path, also of a request that fails', async () => {
    const email = newEmail();
    const name = `Name-${randomUUID()}`;
    const answers = [
      await client.post('/v1/users', { name, email }),
      await client.post('/v1/users', { name, email }),
      await client.get(`/v1/users?email=${email}`),
      await client.get(`/v1/nothing/${email}`),
      await client.get(`/v1/users/${email}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 409, 200, 404, 400]);
    const ids = answers.map(({ headers }) => headers.get('X-Correlation-Id') ?? '');
    await eventually('all requests have come', () =>
      Promise.resolve(ids.every((id) => spansOf(id).length > 0)),
    );
    const refused = spansOf(ids[1] ?? '').map(({ name, status }) => [name, status.code, status.message]);
    expect(refused).toContainEqual(['command CreateUser', 2, 'EmailTakenError']);
    const sent = collector.bodies.join('\n');
    expect(sent).toContain('GET /v1/users');
    for (const secret of [email, encodeURIComponent(email), name]) expect(sent).not.toContain(secret);
  });

  it('names the trace in its log', async () => {
    const correlationId = `logged-${randomUUID()}`;
    await client.get('/v1/users', { 'X-Correlation-Id': correlationId });
    await eventually('the span has come', () => Promise.resolve(spansOf(correlationId).length > 0));
    const line = () =>
      service
        .output()
        .split('\n')
        .find((text) => text.includes(correlationId));
    await eventually('the line is written', () => Promise.resolve(line() !== undefined));
    expect(JSON.parse(line() ?? '{}')).toMatchObject({ traceId: spansOf(correlationId)[0]?.traceId });
  });

  it('shows the traceparent to operators only, and proves its log as before', async () => {
    const user = await createUser(client);
    const [item] = await historyOf(client, user.userId);
    const raw = await client.get<{ items: { metadata: object }[] }>(`/v1/admin/streams/User/${user.userId}`);
    expect(JSON.stringify(item)).not.toContain('traceparent');
    expect(raw.body.items[0]?.metadata).toHaveProperty('traceparent');
    await getUser(client, user);
    expect((await commandLineOf(database.url)('verify')).code).toBe(0);
  });

  it('sends to /v1/traces, and nowhere else', () => {
    expect([...new Set(collector.paths)]).toEqual(['POST /v1/traces application/json']);
  });
});

describe('a service without a collector', () => {
  // The metrics library loads `@opentelemetry/api` for itself, which does nothing without an SDK.
  it('loads nothing of OpenTelemetry but its interface, and stores no traceparent', async () => {
    const folder = await temporaryFolder();
    const preload = await folder.write('print-loaded.cjs', [
      'process.on("exit", () => {',
      '  const paths = Object.keys(require.cache);',
      '  console.log("LOADED", paths.length, paths.filter((path) => /@opentelemetry.(?!api.)/.test(path)).length);',
      '});',
    ]);
    const service = await startService({ DATABASE_URL: database.url, NODE_OPTIONS: `--require=${preload}` });
    const user = await createUser(new Client(service.url));
    expect(await service.end()).toBe(0);
    await folder.remove();
    const [, all, telemetry] = /LOADED (\d+) (\d+)/.exec(service.output()) ?? [];
    expect(Number(all)).toBeGreaterThan(100);
    expect(telemetry).toBe('0');
    expect(Object.keys((await storedMetadata(user.userId))[0] ?? {})).toEqual([
      'correlationId',
      'causationId',
      'actor',
    ]);
  });
});

describe('a service whose collector is away', () => {
  it('serves as ever, and stops in time', async () => {
    const collector = await startCollector();
    await collector.close();
    const service = await startService({
      DATABASE_URL: database.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    });
    await createUser(new Client(service.url));
    expect(await service.end()).toBe(0);
  });
});
