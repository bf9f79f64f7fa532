import type { EntityTarget, ObjectLiteral } from 'typeorm';
import { EventSourcingError } from '../../domain';
import { CollectedRows } from '../../rows/collected-rows';
import { RowKey, Rows } from '../../rows/rows';
import { eventInHand, never } from './event-in-hand';

/** The handler of an event uses the rows of an earlier one, which are written already. */
class RowsKeptError extends EventSourcingError {
  readonly code = 'row.written-already';
  readonly kind = 'defect';

  constructor() {
    super(
      'The handler has used the rows of an earlier event, which are written. Take `rows` from the context of this event.',
    );
  }
}

/** The rows that the events of one transaction collect, for their handlers: what is late is refused and reported. */
export class RowsInHand {
  private readonly tables = new Map<EntityTarget<ObjectLiteral>, Rows<ObjectLiteral>>();
  private isWritten = false;

  constructor(private readonly collected: CollectedRows) {}

  readonly of = <E extends ObjectLiteral>(entity: EntityTarget<E>): Rows<E> => {
    const known = this.tables.get(entity);
    if (known) return known as unknown as Rows<E>;
    const rows = new TableInHand(this.collected.of(entity), () => this.isLate());
    this.tables.set(entity, rows);
    return rows;
  };

  /** What is changed from here on is changed by the next event. */
  nextEvent(): void {
    this.collected.nextEvent();
  }

  /** Writes what the events have collected. From then on their rows are refused. */
  async write(): Promise<void> {
    this.isWritten = true;
    await this.collected.write();
  }

  private isLate(): boolean {
    const hand = eventInHand();
    if (hand?.isDone) {
      void hand.refuse();
      return true;
    }
    if (this.isWritten) throw new RowsKeptError();
    return false;
  }
}

class TableInHand<E extends object> implements Rows<E> {
  constructor(
    private readonly rows: Rows<E>,
    private readonly isLate: () => boolean,
  ) {}

  insert(row: Partial<E>): void {
    if (!this.isLate()) this.rows.insert(row);
  }

  put(row: Partial<E>): void {
    if (!this.isLate()) this.rows.put(row);
  }

  update(key: RowKey<E>, change: Partial<E>): void {
    if (!this.isLate()) this.rows.update(key, change);
  }

  delete(key: RowKey<E>): void {
    if (!this.isLate()) this.rows.delete(key);
  }

  async get(key: RowKey<E>): Promise<E | undefined> {
    return this.isLate() ? never() : this.rows.get(key);
  }

  async write(): Promise<void> {
    return this.isLate() ? never() : this.rows.write();
  }
}
