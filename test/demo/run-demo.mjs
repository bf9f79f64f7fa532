/**
 * The main job in a minute, against a running service: 1,000 people from many alphabets are created, some are renamed,
 * get another address or are deactivated, and all are read back and compared. A second run changes nothing.
 *
 *   npm run demo                          # http://127.0.0.1:3000
 *   npm run demo -- http://127.0.0.1:4000
 *
 * The credentials are ANNALS_API_KEY; without it, the key that a service of this folder leaves in .data/ while it runs
 * in development.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { v5 as uuidv5 } from 'uuid';

const base = process.argv[2] ?? 'http://127.0.0.1:3000';
const idNamespace = '0f5a2a52-7d7e-4c3f-8f43-0b7d2f6f6a10';
const atOnce = 32;

/** Only for a service on this machine: another one at the same port must not be told the key. */
function keyOfThisRun() {
  const { hostname, port } = new URL(base);
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(hostname)) return undefined;
  try {
    return readFileSync(join(process.env.DATA_DIR || '.data', `api-key.${port}`), 'utf8').trim();
  } catch {
    return undefined;
  }
}

const key = process.env.ANNALS_API_KEY || keyOfThisRun();

const people = parse(readFileSync(new URL('people.csv', import.meta.url)), { columns: true }).map(
  (person, index) => ({
    ...person,
    index,
    userId: uuidv5(person.email.toLowerCase(), idNamespace),
  }),
);

async function call(method, path, body, headers = {}) {
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(key && { Authorization: `Bearer ${key}` }),
      ...(body && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    body: body && JSON.stringify(body),
  });
  if (response.status === 401 || response.status === 403)
    throw new Error(`${base} wants the API key of an admin: ANNALS_API_KEY=ann_… npm run demo`);
  return {
    status: response.status,
    body: await response.json(),
    position: response.headers.get('Event-Position'),
  };
}

/** Runs `work` for every item, some at once, and tells how long it took and what the answers were. */
async function step(title, items, work) {
  const started = performance.now();
  const answers = new Map();
  let last = 0n;
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item; item = queue.shift()) {
      const { status, body, position } = await work(item);
      const answer = body.code ?? status;
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      if (position && BigInt(position) > last) last = BigInt(position);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const seconds = (performance.now() - started) / 1000;
  const counted = [...answers].map(([answer, count]) => `${count} × ${answer}`).join(', ');
  console.log(`${title.padEnd(28)} ${items.length} in ${seconds.toFixed(2)} s: ${counted}`);
  return last;
}

async function readAll(position) {
  const users = [];
  for (let cursor; cursor !== null;) {
    const page = await call('GET', `/v1/users?limit=200${cursor ? `&cursor=${cursor}` : ''}`, undefined, {
      'Min-Event-Position': String(position),
      Prefer: 'wait=10',
    });
    if (page.status !== 200) throw new Error(`Reading failed: ${JSON.stringify(page.body)}`);
    users.push(...page.body.items);
    cursor = page.body.nextCursor;
  }
  return new Map(users.map((user) => [user.userId, user]));
}

const isRenamed = ({ index }) => index % 10 === 3;
const isMoved = ({ index }) => index % 20 === 7;
const isDeactivated = ({ index }) => index % 25 === 11;
const newName = ({ name }) => `${[...name].slice(0, 190).join('')} II`;
const newEmail = ({ userId }) => `moved.${userId.slice(0, 8)}@example.org`;

async function demo() {
  const positions = [
    await step('Create', people, ({ userId, name, email }) =>
      call('POST', '/v1/users', { userId, name, email }),
    ),
    await step('Rename every 10th', people.filter(isRenamed), (p) =>
      call('PUT', `/v1/users/${p.userId}/name`, { name: newName(p) }),
    ),
    await step('Another address, every 20th', people.filter(isMoved), (p) =>
      call('PUT', `/v1/users/${p.userId}/email`, { email: newEmail(p) }),
    ),
    await step('Deactivate every 25th', people.filter(isDeactivated), (p) =>
      call('POST', `/v1/users/${p.userId}/deactivate`),
    ),
  ];
  const position = positions.reduce((a, b) => (a > b ? a : b));
  const started = performance.now();
  const users = await readAll(position);
  console.log(
    `Read back                    ${users.size} users in ${((performance.now() - started) / 1000).toFixed(2)} s`,
  );
  const wrong = people.filter((person) => {
    const user = users.get(person.userId);
    const name = isRenamed(person) ? newName(person) : person.name.trim();
    return (
      user?.name !== name ||
      user.isActive === isDeactivated(person) ||
      (isMoved(person) && user.email !== newEmail(person))
    );
  });
  const percent = await call('GET', `/v1/users?email=${encodeURIComponent('%')}&limit=3`);
  const history = await call('GET', `/v1/users/${people[7].userId}/history`);
  console.log(`\nAddresses with a literal %:  ${percent.body.items.map((user) => user.email).join(', ')}`);
  console.log(`History of ${people[7].name}:`);
  for (const event of history.body.items)
    console.log(`  ${event.version}  ${event.timestamp}  ${event.type}`);
  console.log(
    wrong.length === 0 ? '\nEvery person is as expected.' : `\n${wrong.length} people are not as expected.`,
  );
  return wrong.length === 0;
}

demo().then(
  (isFine) => process.exit(isFine ? 0 : 1),
  (error) => {
    const reason =
      error.cause?.code === 'ECONNREFUSED'
        ? `Nothing listens on ${base}. Start the service: npm start`
        : error.message;
    console.error(reason);
    process.exit(1);
  },
);
