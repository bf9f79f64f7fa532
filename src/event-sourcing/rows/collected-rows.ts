import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import {
  changed,
  ColumnValues,
  deleted,
  Given,
  inserted,
  known,
  PendingRow,
  Place,
  put,
} from './pending-row';
import { RowColumns } from './row-columns';
import { RowKey, Rows } from './rows';
import { writeRows } from './write-rows';

/** The rows that one batch of events changes, table by table. */
export class CollectedRows {
  private readonly tables = new Map<EntityTarget<ObjectLiteral>, CollectedTable<ObjectLiteral>>();

  /** @param entities Those of a projector, which names its own; any, unless given. */
  constructor(
    private readonly manager: EntityManager,
    private readonly entities?: readonly EntityTarget<ObjectLiteral>[],
  ) {}

  /** @throws Error for an entity that the projector does not name as its own, or that is in a schema by name. */
  readonly of = <E extends ObjectLiteral>(entity: EntityTarget<E>): Rows<E> => {
    const known = this.tables.get(entity);
    if (known) return known as unknown as Rows<E>;
    const metadata = this.manager.connection.getMetadata(entity);
    if (this.entities?.includes(entity) === false) {
      throw new Error(
        `${metadata.name} is not among the entities of this projector. Name it: @Projector(…, { entities: [${metadata.name}] }).`,
      );
    }
    if (metadata.schema !== undefined) {
      throw new Error(
        `${metadata.name} has a schema ("${metadata.schema}"). Remove it: the search path finds the table.`,
      );
    }
    const columns = RowColumns.of(metadata, this.manager.connection);
    const table = new CollectedTable<E>(this.manager, entity, columns);
    this.tables.set(entity, table);
    return table;
  };

  async write(): Promise<void> {
    for (const table of this.tables.values()) await table.write();
  }
}

class CollectedTable<E extends ObjectLiteral> implements Rows<E> {
  private rows = new Map<string, PendingRow>();

  constructor(
    private readonly manager: EntityManager,
    private readonly entity: EntityTarget<E>,
    private readonly columns: RowColumns,
  ) {}

  insert(row: Partial<E>): void {
    const given = this.given(row);
    this.become(row, (place) => inserted(place, given));
  }

  put(row: Partial<E>): void {
    const given = this.given(row);
    this.become(row, (place) => put(place, given));
  }

  update(key: RowKey<E>, change: Partial<E>): void {
    const given = this.given(change);
    this.become(key, (place) => {
      if (this.columns.primary.some((name) => !isSameKey(given.values[name], place.key[name]))) {
        throw new Error(
          `An update of "${this.columns.table}" changes the key. Delete the row and insert another.`,
        );
      }
      return changed(place, given);
    });
  }

  delete(key: RowKey<E>): void {
    this.become(key, deleted);
  }

  async get(key: RowKey<E>): Promise<E | undefined> {
    const place = this.place(key);
    const { before } = place;
    if (before?.became === 'gone') return undefined;
    if (before && this.columns.isWhole(before.values)) return this.entityOf(before.members);
    if (before) await this.write();
    const found = await this.manager.findOneBy(this.entity, this.columns.where(place.key) as never);
    if (!found) return undefined;
    this.rows.set(textOf(place.key), known(place, this.given(found)));
    return found;
  }

  async write(): Promise<void> {
    const rows = [...this.rows.values()];
    this.rows = new Map();
    await writeRows(this.manager, this.columns, rows);
  }

  /** A copy: what the projector does to its object afterwards is nothing to us. */
  private given(members: Partial<E>): Given {
    return { values: this.columns.values(members), members: { ...members } };
  }

  private entityOf(members: object): E {
    return Object.assign(this.columns.metadata.create() as E, members);
  }

  private place(named: RowKey<E>): Place {
    const key = this.columns.key(named);
    return { table: this.columns.table, key, before: this.rows.get(textOf(key)) };
  }

  private become(named: RowKey<E>, next: (place: Place) => PendingRow): void {
    const place = this.place(named);
    this.rows.set(textOf(place.key), next(place));
  }
}

function isSameKey(given: unknown, key: unknown): boolean {
  return given === undefined || JSON.stringify(given) === JSON.stringify(key);
}

function textOf(key: ColumnValues): string {
  return Object.values(key).map(String).join('\u0000');
}
