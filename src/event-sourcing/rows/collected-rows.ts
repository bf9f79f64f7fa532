import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import { Batch, Change, CollectedTable, TableChanges } from './collected-table';
import { InvalidRowError } from './errors';
import { faultOfColumns, faultOfListeners } from './proven-columns';
import { RowColumns } from './row-columns';
import { Rows } from './rows';
import { writeInOrder } from './write-in-order';
import { keepsOrder, referencedFirst } from './write-order';
import { deleteRows, storeRows } from './write-rows';

/** The rows that one batch of events changes, table by table. */
export class CollectedRows {
  private readonly tables = new Map<EntityTarget<ObjectLiteral>, CollectedTable<ObjectLiteral>>();
  private changes: Change[] = [];

  /** The events that made the changes, numbered as `nextEvent` is called; 0 before the first. */
  private event = 0;
  private readonly events = new Set<number>();

  /** @param entities Those of a projector, which names its own; any, unless given. */
  constructor(
    private readonly manager: EntityManager,
    private readonly entities?: readonly EntityTarget<ObjectLiteral>[],
  ) {}

  /** @throws InvalidRowError for an entity that the projector does not name as its own, or whose rows cannot be written. */
  readonly of = <E extends ObjectLiteral>(entity: EntityTarget<E>): Rows<E> => {
    const known = this.tables.get(entity);
    if (known) return known as unknown as Rows<E>;
    const metadata = this.manager.connection.getMetadata(entity);
    if (this.entities?.includes(entity) === false) {
      throw new InvalidRowError(
        `${metadata.name} is not among the entities of this projector. Name it: @Projector(…, { entities: [${metadata.name}] }).`,
      );
    }
    if (metadata.schema !== undefined) {
      throw new InvalidRowError(
        `${metadata.name} has a schema ("${metadata.schema}"). Remove it: the search path finds the table.`,
      );
    }
    const fault = faultOfColumns(metadata) ?? faultOfListeners(metadata);
    if (fault !== undefined) throw new InvalidRowError(fault);
    const columns = RowColumns.of(metadata, this.manager.connection);
    const table = new CollectedTable<E>(this.manager, entity, columns, this.batch());
    for (const other of this.sharing(columns)) other.isShared = table.isShared = true;
    this.tables.set(entity, table);
    return table;
  };

  /** What is changed from here on is changed by the next event of the batch. */
  nextEvent(): void {
    this.event++;
  }

  async write(): Promise<void> {
    await this.writeAll(false);
  }

  private batch(): Batch {
    const hasChanges = (): boolean => this.changes.length > 0;
    return {
      get hasChanges() {
        return hasChanges();
      },
      add: (change) => {
        this.changes.push(change);
        this.events.add(this.event);
      },
      addTo: (columns) => {
        for (const other of this.sharing(columns)) if (other.columns !== columns) other.forgetKnown();
      },
      write: (keepKnown) => this.writeAll(keepKnown),
    };
  }

  private sharing({ table }: RowColumns): CollectedTable<ObjectLiteral>[] {
    return [...this.tables.values()].filter(({ columns }) => columns.table === table);
  }

  private async writeAll(keepKnown: boolean): Promise<void> {
    const { changes } = this;
    this.changes = [];
    const isOneEvent = this.events.size === 1 && !this.events.has(0);
    this.events.clear();
    const tables: TableChanges[] = [];
    for (const table of this.tables.values()) {
      const taken = await table.take(keepKnown);
      if (taken) tables.push(taken);
    }
    if (keepsOrder(tables, isOneEvent)) await writeInOrder(this.manager, changes, tables);
    else await this.writeTogether(referencedFirst(tables));
  }

  private async writeTogether(tables: readonly TableChanges[]): Promise<void> {
    for (const table of tables.toReversed()) await deleteRows(this.manager, table, table.rows);
    for (const table of tables) await storeRows(this.manager, table, table.rows);
  }
}
