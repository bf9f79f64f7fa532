import type { DataSource, EntityManager, EntityMetadata } from 'typeorm';
import { RecordedEvent } from '../event-store/event-envelope';
import { EventStore } from '../event-store/event-store';
import { checkContiguous } from '../subscriptions/contiguous';
import { inSnapshot } from '../event-store/postgres/in-snapshot';
import { Projection } from './projection';

/** A row that the read model has and a fresh fold has not, or the other way round. */
export interface RowDifference {
  readonly table: string;
  readonly side: 'only in the read model' | 'only in a fresh fold';
  readonly row: Readonly<Record<string, unknown>>;
}

export interface FoldComparison {
  /** The checkpoint up to which both were compared. */
  readonly position: bigint;
  /** The first differences, at most 20 a table and side. */
  readonly differences: readonly RowDifference[];
}

const readCheckpoint = 'SELECT position FROM subscriptions WHERE name = $1';

/**
 * Proves that a read model is the fold of the log: projects the log again into temporary tables, which hide the real ones
 * from the projector, and compares. It sees one snapshot, so the service may go on meanwhile, and it never commits.
 */
export class ProjectionFold {
  constructor(
    private readonly dataSource: DataSource,
    private readonly store: EventStore,
  ) {}

  async compare(
    projection: Projection,
    onProgress: (done: bigint) => void = () => {},
  ): Promise<FoldComparison> {
    const tables = projection.definition.entities.map((entity) => this.dataSource.getMetadata(entity));
    return inSnapshot(this.dataSource, async (manager) => {
      const [row] = await manager.query<{ position: string }[]>(readCheckpoint, [projection.name]);
      const position = BigInt(row?.position ?? 0);
      for (const table of tables) await hideBehindTemporary(manager, table);
      await this.foldUpTo(position, async (events) => {
        await projection.handleAll(events, manager);
        onProgress(events.at(-1)?.position ?? 0n);
      });
      const differences = [];
      for (const table of tables) differences.push(...(await compareTable(manager, table)));
      return { position, differences };
    });
  }

  private async foldUpTo(
    position: bigint,
    apply: (events: readonly RecordedEvent[]) => Promise<void>,
  ): Promise<void> {
    let after = 0n;
    while (after < position) {
      const left = Number(position - after);
      const events = await this.store.readAll({ after, limit: Math.min(1_000, left) });
      if (events.length === 0)
        throw new Error(`The log ends at ${after}, before the checkpoint ${position}.`);
      checkContiguous(events, after);
      await apply(events);
      after += BigInt(events.length);
    }
  }
}

/** Temporary tables come first in the search path, so an unqualified name means them until the transaction ends. */
async function hideBehindTemporary(manager: EntityManager, table: EntityMetadata): Promise<void> {
  const name = quoted(table.tableName);
  await manager.query(
    `CREATE TEMPORARY TABLE ${name} (LIKE ${realTable(table)} INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING INDEXES) ON COMMIT DROP`,
  );
}

async function compareTable(manager: EntityManager, table: EntityMetadata): Promise<RowDifference[]> {
  const fresh = quoted(table.tableName);
  const real = realTable(table);
  const compare = (left: string, right: string) =>
    manager.query<{ row: Record<string, unknown> }[]>(
      `SELECT to_jsonb(d) AS row FROM (SELECT * FROM ${left} EXCEPT ALL SELECT * FROM ${right}) AS d LIMIT 20`,
    );
  const extra = await compare(real, fresh);
  const missing = await compare(fresh, real);
  return [
    ...extra.map(({ row }) => ({ table: table.tableName, side: 'only in the read model' as const, row })),
    ...missing.map(({ row }) => ({ table: table.tableName, side: 'only in a fresh fold' as const, row })),
  ];
}

function realTable(table: EntityMetadata): string {
  return `${quoted(table.schema ?? 'public')}.${quoted(table.tableName)}`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
