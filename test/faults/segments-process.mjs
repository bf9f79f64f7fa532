// One process of a projection in eight segments, on the built kernel: node segments-process.mjs <database url> <owner>
// Its rows show every repetition and every gap: they add up, and list the versions in the order in which they were seen.
import 'reflect-metadata';
import { createRequire } from 'node:module';
import { DataSource, EntitySchema } from 'typeorm';

const kernel = (path) => createRequire(import.meta.url)(`../../dist/event-sourcing/${path}.js`);
const { AppendSignal, EventRegistry, PostgresEventStore, Projections, Projector } = kernel('index');
const { DomainEvent, On } = kernel('domain/index');
const { ProgressSignal } = kernel('event-store/progress-signal');
const { segmentsOf } = kernel('projections/projection-segment');
const { Leases } = kernel('subscriptions/checkpoints/leases');
const { SharedLog } = kernel('log/shared-log');
const { RunFactory } = kernel('subscriptions/delivery/run-factory');
const { WantedReadModels } = kernel('subscriptions/delivery/wanted-read-models');
const { defaultSubscriptionSettings } = kernel('subscriptions/subscription-settings');

const [url, owner] = process.argv.slice(2);

class Counted {
  constructor(by) {
    this.by = by;
  }
}
DomainEvent('Counted')(Counted);

const Tally = new EntitySchema({
  name: 'tallies',
  columns: { id: { type: 'text', primary: true }, total: { type: 'integer' }, seen: { type: 'text' } },
});

class TallyProjector {
  async onCounted({ by }, { manager, recorded }) {
    await manager.query(
      `INSERT INTO tallies VALUES ($1, $2, $3) ON CONFLICT (id)
       DO UPDATE SET total = tallies.total + $2, seen = tallies.seen || ' ' || $3`,
      [recorded.stream.id, by, String(recorded.version)],
    );
  }
}
On(Counted)(
  TallyProjector.prototype,
  'onCounted',
  Object.getOwnPropertyDescriptor(TallyProjector.prototype, 'onCounted'),
);
Projector('tallies', { version: 1, segments: 8, entities: [Tally] })(TallyProjector);

const dataSource = await new DataSource({
  type: 'postgres',
  url,
  entities: [Tally],
  poolSize: 10,
}).initialize();
const appended = new AppendSignal();
const store = new PostgresEventStore({ connection: { connectionString: url } }, appended);
const projections = new Projections(new EventRegistry());
projections.register(new TallyProjector());
const settings = { ...defaultSubscriptionSettings, leaseSeconds: 1, pollMs: 20, batchSize: 20 };
const log = new SharedLog(store);
const leases = new Leases(dataSource, owner, settings.leaseSeconds);
const projected = new ProgressSignal();
const wanted = new WantedReadModels();
const factory = new RunFactory(store, log, dataSource, leases, appended, projected, wanted, settings);
const run = factory.run('tallies', segmentsOf(projections.get('tallies')));
run.start();
process.on('SIGTERM', async () => {
  await run.stop();
  await store.close();
  await dataSource.destroy();
});
