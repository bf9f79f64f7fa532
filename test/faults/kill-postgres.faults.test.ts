import { Pool } from 'pg';
import { setTimeout as delay } from 'node:timers/promises';
import { Dice } from './dice';
import { FixedPortPostgres } from './fixed-port-postgres';
import { Load } from './load';
import { endPrograms, type Service, startService } from './program';
import { proveNothingLost } from './prove';
import { report, reportRound, roundsOf, timeFor } from './rounds';
import { openPool, placesOf } from './stored';
import { until } from './until';

const rounds = roundsOf(2, 20);
/** As `pg_ctl stop -m immediate`; and the worst, which leaves processes of the server behind for a moment. */
const signals = ['SIGQUIT', 'SIGKILL'] as const;
/** In which the service must write again once its database is there. */
const recoverWithinMs = 10_000;
let postgres: FixedPortPostgres;
let pool: Pool;
const load = new Load();

beforeAll(async () => {
  postgres = await FixedPortPostgres.create();
  pool = openPool(postgres.url);
}, 120_000);

afterAll(async () => {
  await endPrograms();
  await load.stop();
  await pool?.end();
  await postgres?.remove();
}, 60_000);

it(
  'kill of Postgres under load loses no acknowledged event, and the service recovers by itself',
  async () => {
    const dice = new Dice();
    report('kill-postgres', { rounds, seed: dice.seed });
    const service = await startService({ DATABASE_URL: postgres.url });
    load.start(service.url);
    for (let round = 1; round <= rounds; round++) {
      await load.acknowledges(20);
      await delay(dice.between(0, 1_000));
      const signal = signals[round % signals.length] ?? 'SIGQUIT';
      await postgres.kill(signal);
      await staysUpWithout(service, load);
      await postgres.start();
      const recovery = await load.acknowledges(1, recoverWithinMs);
      const projection = await goesOnProjecting();
      const { acknowledged, unknown, lastPosition } = load.journal;
      const figures = { round, signal, acknowledged, unknown, position: lastPosition };
      reportRound('kill-postgres', { ...figures, 'ms to write': recovery, 'ms to project': projection });
    }
    await load.settle(service.url);
    await proveNothingLost({ title: 'kill-postgres', load, databaseUrl: postgres.url, pool });
    expect(await service.end('SIGTERM')).toBe(0);
  },
  timeFor(rounds),
);

/** The journal takes any answer but 503 for a surprise. */
async function staysUpWithout(service: Service, load: Load): Promise<void> {
  await load.isRefused(16);
  if (service.hasExited()) throw new Error(`The service has ended:\n${service.output().slice(-4_000)}`);
  expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
  expect((await fetch(`${service.url}/health/ready`)).status).toBe(503);
  expect(service.hasExited()).toBe(false);
}

async function goesOnProjecting(): Promise<number> {
  const { head } = await placesOf(pool);
  return until('the read model follows', async () => (await placesOf(pool)).checkpoint >= head);
}
