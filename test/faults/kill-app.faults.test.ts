import { Pool } from 'pg';
import { setTimeout as delay } from 'node:timers/promises';
import { Dice } from './dice';
import { FixedPortPostgres } from './fixed-port-postgres';
import { Load } from './load';
import { endPrograms, startService } from './program';
import { proveNothingLost } from './prove';
import { report, reportRound, roundsOf, timeFor } from './rounds';
import { openPool } from './stored';

const rounds = roundsOf(2, 100);
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
  'kill -9 of the service under load loses no acknowledged event, and stores none twice',
  async () => {
    const dice = new Dice();
    report('kill-app', { rounds, seed: dice.seed });
    for (let round = 1; round <= rounds; round++) {
      const service = await startService({ DATABASE_URL: postgres.url });
      load.start(service.url);
      await load.acknowledges(20);
      await delay(dice.between(0, 1_000));
      expect(await service.end('SIGKILL')).toBe(null);
      await load.stop();
      const { acknowledged, unknown, lastPosition } = load.journal;
      reportRound('kill-app', { round, acknowledged, unknown, position: lastPosition });
    }
    const service = await startService({ DATABASE_URL: postgres.url });
    await load.settle(service.url);
    await proveNothingLost({ title: 'kill-app', load, databaseUrl: postgres.url, pool });
    expect(await service.end('SIGTERM')).toBe(0);
  },
  timeFor(rounds),
);
