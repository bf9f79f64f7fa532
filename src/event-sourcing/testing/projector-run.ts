import type { DataSource, EntityManager, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';
import { messageOfThrown } from '../describe-thrown';
import { RecordedEvent } from '../event-store/event-envelope';
import { Projection } from '../projections/projection';
import { checkTables } from '../projections/tables-of';
import { EventInHand } from '../subscriptions/delivery/event-in-hand';
import { WithinTime } from '../subscriptions/subscriber';
import { Difference } from './differences';
import { Feed, oneBatch, Trial, trialsOf } from './projector-trials';
import { fail } from './spec-failure';
import { differencesFromRows, metadataOf, readRows, rowDifferences, RowsByKey } from './spec-rows';
import { inTimeZone } from './time-zone';
import { andRollBack, inTrialTransaction } from './trial-transaction';

/** The events of a spec, as the trials give them to the projector. */
export class ProjectorRun {
  private readonly events: readonly RecordedEvent[];
  private readonly tables: readonly EntityMetadata[];

  constructor(
    private readonly name: string,
    private readonly dataSource: DataSource,
    private readonly projection: () => Projection,
    events: readonly RecordedEvent[],
  ) {
    const first = projection();
    checkTables(dataSource, first);
    this.events = events.filter(({ type }) => first.wants(type));
    this.tables = first.definition.entities.map((entity) => metadataOf(dataSource, entity));
  }

  async checkRows<E extends ObjectLiteral>(entity: EntityTarget<E>, rows: readonly E[]): Promise<void> {
    const table = metadataOf(this.dataSource, entity);
    if (!this.tables.includes(table))
      fail(
        `${this.name} does not name ${table.name} among its entities: @Projector(…, { entities: [${table.name}] }).`,
      );
    const differences = await this.after(oneBatch(this.events), (manager) =>
      differencesFromRows(manager, entity, rows),
    );
    if (differences.length > 0) fail(`${this.name} did not make the expected rows.`, differences);
  }

  async checkTrials(timeZones: readonly string[]): Promise<void> {
    const expected = await this.after(oneBatch(this.events), (manager) => this.read(manager));
    for (const trial of trialsOf(this.events, timeZones)) {
      const received = await this.rowsAfter(trial);
      const differences = this.tables.flatMap(({ tableName }, index) =>
        compare(tableName, expected[index], received[index]),
      );
      if (differences.length === 0) continue;
      fail(`${this.name} makes other rows ${trial.name}. Expected are the rows of one batch.`, differences);
    }
  }

  async failure(): Promise<{ readonly error: unknown } | undefined> {
    try {
      await this.after(oneBatch(this.events), () => Promise.resolve());
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  private async rowsAfter(trial: Trial): Promise<readonly RowsByKey[]> {
    try {
      return await this.after(trial, (manager) => this.read(manager));
    } catch (error) {
      return fail(`${this.name} fails ${trial.name}: ${messageOfThrown(error)}`);
    }
  }

  private async after<R>(trial: Trial, read: (manager: EntityManager) => Promise<R>): Promise<R> {
    const tables = [...new Set(this.tables.map(({ tableName }) => tableName))];
    return inTrialTransaction(this.dataSource, this.name, tables, async (manager) => {
      const run = (): Promise<void> => trial.run(this.feed(manager));
      const { timeZone } = trial;
      if (timeZone === undefined) await run();
      else await inZoneOfBoth(manager, timeZone, run);
      return read(manager);
    });
  }

  private feed(manager: EntityManager): Feed {
    let projection = this.projection();
    const handle = (events: readonly RecordedEvent[]): Promise<void> =>
      projection.handle(events, manager, within(this.name));
    return {
      handle,
      handleInVain: (events) => andRollBack(manager, () => handle(events)),
      restart: () => void (projection = this.projection()),
    };
  }

  private async read(manager: EntityManager): Promise<readonly RowsByKey[]> {
    const rows: RowsByKey[] = [];
    for (const table of this.tables) rows.push(await readRows(manager, table));
    return rows;
  }
}

const within =
  (name: string): WithinTime =>
  (event, work) =>
    new EventInHand(name, event.position).run(work);

/** The process and its session of the database in the same zone. */
async function inZoneOfBoth(manager: EntityManager, zone: string, work: () => Promise<void>): Promise<void> {
  await manager.query("SELECT set_config('TimeZone', $1, true)", [zone]);
  await inTimeZone(zone, work);
}

function compare(
  table: string,
  expected: RowsByKey | undefined,
  received: RowsByKey | undefined,
): Difference[] {
  return expected && received ? rowDifferences(table, expected, received) : [];
}
