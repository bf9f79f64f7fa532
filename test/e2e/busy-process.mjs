// One process of a projection that keeps the processor busy, on the built kernel: node busy-process.mjs <database url> <owner>
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

class Counted {}
DomainEvent('Counted')(Counted);

const Tally = new EntitySchema({
  name: 'tallies',
  columns: { id: { type: 'text', primary: true }, total: { type: 'integer' }, seen: { type: 'text' } },
});

/** Computes for 3.5 ms, and lets nothing else run meanwhile. */
class BusyProjector {
  onCounted(_event, { recorded, rows }) {
    const end = performance.now() + 3.5;
    while (performance.now() < end);
    rows(Tally).put({ id: recorded.id, total: 1, seen: owner });
  }
}
const method = Object.getOwnPropertyDescriptor(BusyProjector.prototype, 'onCounted');
On(Counted)(BusyProjector.prototype, 'onCounted', method);
Projector('busy', { version: 1, entities: [Tally] })(BusyProjector);

const dataSource = await new DataSource({ type: 'postgres', url, entities: [Tally] }).initialize();
const appended = new AppendSignal();
const store = new PostgresEventStore({ connection: { connectionString: url } }, appended);
const projections = new Projections(new EventRegistry());
projections.register(new BusyProjector());
const settings = { ...defaultSubscriptionSettings, leaseSeconds: 2 };
const leases = new Leases(dataSource, owner, settings.leaseSeconds);
const log = new SharedLog(store);
const projected = new ProgressSignal();
const wanted = new WantedReadModels();
const factory = new RunFactory(store, log, dataSource, leases, appended, projected, wanted, settings);
const run = factory.run('busy', segmentsOf(projections.get('busy')));
run.start();
process.on('SIGTERM', async () => {
  await run.stop();
  await leases.close();
  await store.close();
  await dataSource.destroy();
});
