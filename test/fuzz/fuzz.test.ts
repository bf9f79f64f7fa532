import { randomInt, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { AnswerCheck, type Exchange } from '../openapi/answer-check';
import { committedDocument } from '../openapi/document';
import { type ServiceProcess, startService } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { askProbe, probeEnvironment } from './probe';
import { type FuzzRequest, requests } from './requests';
import { Sender } from './send';

/** `FUZZ=long` sends 200,000 requests; `FUZZ_SEED` sends those of an earlier run again. */
const isLong = process.env.FUZZ === 'long';
const total = Number(process.env.FUZZ_REQUESTS) || (isLong ? 200_000 : 5_000);
const seed = Number(process.env.FUZZ_SEED) || randomInt(2 ** 31);
const atOnce = 16;
/** A long run says how far it is after each so many times {@link atOnce}. */
const runsInPart = 1_000;

/** By how much the process may grow, in bytes, once it has answered its first requests. */
const heapMayGrow = 32 * 2 ** 20;
const rssMayGrow = 160 * 2 ** 20;

const document = committedDocument();
const check = new AnswerCheck(document);
const userIds = Array.from({ length: 20 }, () => randomUUID());

let database: TestDatabase;
let service: ServiceProcess;
let sender: Sender;
beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService({ DATABASE_URL: database.url, RATE_LIMIT: '1000000', ...probeEnvironment });
  sender = new Sender(service.url, { Authorization: `Bearer ${service.key}` });
});
afterAll(async () => {
  sender.close();
  expect(await service.end()).toBe(0);
  await database.drop();
});

/** What no answer may be, whatever the document says. */
function breaches(exchange: Exchange): readonly string[] {
  const { status, method, target, body } = exchange;
  const isBehind = status === 503 && body.includes('"code":"read-model-behind"');
  const failed = status >= 500 && !isBehind && !(status === 503 && method === 'HEAD');
  return [...(failed ? [`${method} ${target} → ${status}: ${body}`] : []), ...check.breaches(exchange)];
}

/** With the request that led to them. */
function told(request: FuzzRequest | undefined, found: readonly string[]): readonly string[] {
  const { headers, body } = request ?? {};
  const sent = JSON.stringify({
    headers: { ...headers, ...body?.headers },
    body: body?.bytes.toString('latin1'),
  });
  return found.map((breach) => `${breach}\n${sent.slice(0, 2_000)}`);
}

async function createUsers(): Promise<void> {
  for (const userId of userIds) {
    const body = Buffer.from(JSON.stringify({ userId, name: 'Ada', email: `${userId}@example.org` }));
    const headers = { 'Content-Type': 'application/json' };
    const { status } = await sender.send({
      method: 'POST',
      target: '/v1/users',
      headers: {},
      body: { bytes: body, headers },
    });
    expect(status).toBe(201);
  }
}

it(`${total} requests made from the document: no failure, nothing undocumented, nothing left behind`, async () => {
  console.log(`fuzz: FUZZ_SEED=${seed} FUZZ_REQUESTS=${total}`);
  await createUsers();
  const known = {
    userId: userIds,
    name: ['welcome-message', 'nobody'],
    type: ['User'],
    id: userIds,
    position: ['1', '2'],
  };
  const some = fc.array(requests(document, known), { minLength: atOnce, maxLength: atOnce });
  const statuses = new Map<number, number>();
  const sendAll = async (runs: number, from: number) =>
    fc.assert(
      fc.asyncProperty(some, async (batch) => {
        const exchanges = await Promise.all(batch.map((request) => sender.send(request)));
        for (const { status } of exchanges) statuses.set(status, (statuses.get(status) ?? 0) + 1);
        expect(exchanges.flatMap((exchange, index) => told(batch[index], breaches(exchange)))).toEqual([]);
      }),
      // The breach shows the request as it was: to shrink sixteen at once takes minutes and tells no more.
      { numRuns: runs, seed: from, endOnFailure: true },
    );
  const runs = Math.ceil(total / atOnce);
  const warmUp = Math.min(100, Math.floor(runs / 3));
  await sendAll(warmUp, seed);
  const before = await askProbe(service);
  for (let sent = warmUp; sent < runs; sent += runsInPart) {
    await sendAll(Math.min(runsInPart, runs - sent), seed + 1 + sent);
    process.stderr.write(`fuzz: ${Math.min(sent + runsInPart, runs) * atOnce} of ${total} sent\n`);
  }
  const after = await askProbe(service);
  console.log(report(statuses, before.rss, after.rss));
  expect(after.changed).toEqual([]);
  expect(after.heapUsed - before.heapUsed).toBeLessThan(heapMayGrow);
  expect(after.rss - before.rss).toBeLessThan(rssMayGrow);
}, 3_600_000);

function report(statuses: ReadonlyMap<number, number>, before: number, after: number): string {
  const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
  const megabytes = [before, after].map((bytes) => Math.round(bytes / 2 ** 20));
  return `fuzz: ${counts.join(', ')}; RSS ${megabytes.join(' → ')} MiB`;
}
