import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { ProjectionPositions } from '../../../src/event-sourcing';
import { segmentsOf } from '../../../src/event-sourcing/projections/projection-segment';
import { Leases } from '../../../src/event-sourcing/subscriptions/checkpoints/leases';
import { SharedLog } from '../../../src/event-sourcing/log/shared-log';
import { RunFactory } from '../../../src/event-sourcing/subscriptions/delivery/run-factory';
import { defaultSubscriptionSettings } from '../../../src/event-sourcing/subscriptions/subscription-settings';
import { WantedReadModels } from '../../../src/event-sourcing/subscriptions/delivery/wanted-read-models';
import { openGrowthDatabase } from './growth-database';

/** What a process that did nothing else has to say of its catch-up. */
export interface CatchUpReport {
  readonly events: number;
  readonly seconds: number;
  /** Memory of the process in MB: before the first event, and at its highest since the process began. */
  readonly rssBefore: number;
  readonly rssHighest: number;
}

/** Projects the users of the database from their checkpoint to the head of the log, as the service does. */
async function catchUp(url: string): Promise<CatchUpReport> {
  Logger.overrideLogger(['warn', 'error']);
  const database = await openGrowthDatabase(url);
  const { store, dataSource, projection, appended, projected } = database;
  const settings = defaultSubscriptionSettings;
  const leases = new Leases(dataSource, uuidv7(), settings.leaseSeconds);
  const wanted = new WantedReadModels();
  const positions = new ProjectionPositions(dataSource, projected, wanted);
  const from = await positions.position('users');
  const head = await store.head();
  const rssBefore = process.memoryUsage.rss() / 1_048_576;
  const log = new SharedLog(store);
  const factory = new RunFactory(store, log, dataSource, leases, appended, projected, wanted, settings);
  const run = factory.run('users', segmentsOf(projection));
  const started = performance.now();
  run.start();
  const isThere = await positions.waitFor('users', head, 3_600_000);
  const seconds = (performance.now() - started) / 1_000;
  await run.stop();
  await database.close();
  if (!isThere) throw new Error('The projection did not arrive within an hour.');
  // The kernel's own mark of the highest, in kB.
  return {
    events: Number(head - from),
    seconds,
    rssBefore,
    rssHighest: process.resourceUsage().maxRSS / 1_024,
  };
}

const url = process.env.GROWTH_URL;
if (url === undefined) throw new Error('GROWTH_URL is missing: this is started by `npm run growth`.');
catchUp(url).then(
  (report) => process.stdout.write(JSON.stringify(report)),
  (error: Error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
