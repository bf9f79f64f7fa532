import { Client } from 'pg';
import { DataSource, EntityManager } from 'typeorm';
import {
  AppendSignal,
  PostgresEventStore,
  RecordedEvent,
  SubscriptionSettings,
} from '../../../src/event-sourcing';
import { ProgressSignal } from '../../../src/event-sourcing/event-store/progress-signal';
import { Leases } from '../../../src/event-sourcing/subscriptions/checkpoints/leases';
import { SharedLog } from '../../../src/event-sourcing/log/shared-log';
import { Subscriber } from '../../../src/event-sourcing/subscriptions/subscriber';
import { RunFactory } from '../../../src/event-sourcing/subscriptions/delivery/run-factory';
import { defaultSubscriptionSettings } from '../../../src/event-sourcing/subscriptions/subscription-settings';
import { SubscriptionRun } from '../../../src/event-sourcing/subscriptions/delivery/subscription-run';
import { ProjectionPositions } from '../../../src/event-sourcing/projections/projection-positions';
import { WantedReadModels } from '../../../src/event-sourcing/subscriptions/delivery/wanted-read-models';

/** What one process has: a pool of its own, leases, and a count of the statements that it sends. */
export interface OneProcess {
  readonly dataSource: DataSource;
  readonly store: PostgresEventStore;
  readonly leases: Leases;
  readonly positions: ProjectionPositions;
  /** The first words of the statements sent so far by the data source and for the leases, and how many values they ask for. */
  readonly statements: readonly string[];
  run(...subscribers: readonly Subscriber[]): SubscriptionRun;
  stop(): Promise<void>;
}

export type ProcessOptions = Partial<SubscriptionSettings> & { readonly poolSize?: number };

export async function startProcess(
  url: string,
  owner: string,
  { poolSize = 3, ...given }: ProcessOptions = {},
): Promise<OneProcess> {
  const statements: string[] = [];
  const extra = { Client: countingClient((text) => statements.push(text)) };
  const dataSource = await new DataSource({ type: 'postgres', url, poolSize, extra }).initialize();
  const appended = new AppendSignal();
  const store = new PostgresEventStore({ connection: { connectionString: url } }, appended);
  const settings = { ...defaultSubscriptionSettings, pollMs: 50, leaseSeconds: 1, ...given };
  const leases = new Leases(dataSource, owner, settings.leaseSeconds, Math.min(settings.pollMs, 50));
  const log = new SharedLog(store);
  const projected = new ProgressSignal();
  const wanted = new WantedReadModels();
  const factory = new RunFactory(store, log, dataSource, leases, appended, projected, wanted, settings);
  const runs: SubscriptionRun[] = [];
  return {
    dataSource,
    store,
    leases,
    positions: new ProjectionPositions(dataSource, projected, wanted),
    statements,
    run(...subscribers) {
      const run = factory.run(subscribers[0]?.name ?? '', subscribers);
      runs.push(run);
      run.start();
      return run;
    },
    async stop() {
      await Promise.all(runs.map((run) => run.stop()));
      await leases.close();
      await store.close();
      await dataSource.destroy();
    },
  };
}

/** A durable handler that wants every event. */
export function handlerOf(
  name: string,
  work: (event: RecordedEvent, manager: EntityManager) => Promise<void> | void,
): Subscriber {
  return {
    kind: 'handler',
    name,
    version: 1,
    segment: { index: 0, count: 1 },
    from: 'beginning',
    eventsPerTransaction: 1,
    isFlushed: true,
    wants: () => true,
    async handle(events, manager, within) {
      for (const event of events) await within(event, () => Promise.resolve(work(event, manager)));
    },
  };
}

function countingClient(count: (text: string) => void): typeof Client {
  return class extends Client {
    constructor(...given: ConstructorParameters<typeof Client>) {
      super(...given);
      const query = this.query.bind(this) as (...values: unknown[]) => unknown;
      const counted = (...values: unknown[]): unknown => {
        const [statement] = values as [string | { readonly text?: string; readonly values?: unknown[] }];
        const { text = '', values: given = [] } =
          typeof statement === 'string' ? { text: statement } : statement;
        const [first] = given;
        count(`${text.trim().slice(0, 60)}${Array.isArray(first) ? ` (${first.length} at once)` : ''}`);
        return query(...values);
      };
      Object.assign(this, { query: counted });
    }
  };
}
