import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';
import { type ProjectionContext, Projector } from '../../../src/event-sourcing';
import { DomainEvent, On } from '../../../src/event-sourcing/domain';
import { projectorSpec, timeOfEvent } from '../../../src/event-sourcing/testing';
import { createTestDatabase, TestDatabase } from '../../support/test-database';

@DomainEvent('Poured')
class Poured {
  constructor(readonly litres: number) {}
}

@DomainEvent('Emptied')
class Emptied {}

@Entity('barrels')
class BarrelEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('integer')
  litres!: number;

  @Column('timestamptz', { name: 'poured_at' })
  pouredAt!: Date;
}

@Entity('barrel_days')
class BarrelDayEntity {
  @PrimaryColumn('text')
  day!: string;

  @Column('integer')
  litres!: number;
}

@Projector('barrels', { version: 1, entities: [BarrelEntity] })
class BarrelsProjector {
  @On(Poured)
  async onPoured({ litres }: Poured, { rows, recorded }: ProjectionContext): Promise<void> {
    const { id } = recorded.stream;
    const before = (await rows(BarrelEntity).get(id))?.litres ?? 0;
    rows(BarrelEntity).put({ id, litres: this.sum(before, litres), pouredAt: recorded.timestamp });
  }

  @On(Emptied)
  onEmptied(_event: Emptied, { rows, recorded }: ProjectionContext): void {
    rows(BarrelEntity).delete(recorded.stream.id);
  }

  protected sum(before: number, litres: number): number {
    return before + litres;
  }
}

describe('the spec of a projector', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [BarrelEntity, BarrelDayEntity],
      synchronize: true,
      poolSize: 2,
    }).initialize();
    await dataSource.query("INSERT INTO barrels VALUES ('of the service', 9, now())");
  });

  afterAll(async () => {
    expect(await dataSource.manager.find(BarrelEntity)).toMatchObject([{ id: 'of the service', litres: 9 }]);
    await dataSource.destroy();
    await database.drop();
  });

  /** Two pours into one barrel, one into another, seen by this projector. */
  const twoBarrels = (projector: new () => object = BarrelsProjector) =>
    projectorSpec(projector, { dataSource })
      .given('Barrel', 'b-1', new Poured(3))
      .given('Barrel', 'b-2', new Poured(5))
      .given('Barrel', 'b-1', new Poured(4));

  const rowsOfTwo: BarrelEntity[] = [
    { id: 'b-1', litres: 7, pouredAt: timeOfEvent(3) },
    { id: 'b-2', litres: 5, pouredAt: timeOfEvent(2) },
  ];

  const failure = (checked: Promise<void>): Promise<string> =>
    checked.then(
      () => 'The spec passed.',
      (error: Error) => `${error.name}: ${error.message}`,
    );

  it('passes for the rows of the events, in any order, and leaves those of the service alone', async () => {
    await twoBarrels().thenRows(BarrelEntity, rowsOfTwo);
    await twoBarrels().thenRows(BarrelEntity, rowsOfTwo.toReversed());
    await twoBarrels().given('Barrel', 'b-1', new Emptied()).thenRows(BarrelEntity, rowsOfTwo.slice(1));
  });

  it('names the row and the member that are not as expected', async () => {
    const wrong = [{ id: 'b-1', litres: 8, pouredAt: timeOfEvent(3) }];
    expect(await failure(twoBarrels().thenRows(BarrelEntity, wrong))).toBe(
      [
        'AssertionError: BarrelsProjector did not make the expected rows.',
        "  barrels, row { id: 'b-1' }.litres",
        '    expected: 8',
        '    received: 7',
        "  barrels, row { id: 'b-2' }",
        '    expected: no row',
        "    received: { id: 'b-2', litres: 5, pouredAt: 2026-01-01T12:02:00.000Z }",
      ].join('\n'),
    );
  });

  it('takes a member that is left out for a mistake', async () => {
    const rows = rowsOfTwo.map(({ id, litres }) => ({ id, litres }));
    expect(await failure(twoBarrels().thenRows(BarrelEntity, rows as BarrelEntity[]))).toContain(
      "barrels, row { id: 'b-1' }.pouredAt\n    expected: nothing",
    );
  });

  it('finds a projector that counts what comes twice', async () => {
    @Projector('barrels', { version: 1, entities: [BarrelEntity] })
    class Remembering extends BarrelsProjector {
      private readonly litres = new Map<string, number>();

      @On(Poured)
      override async onPoured({ litres }: Poured, { rows, recorded }: ProjectionContext): Promise<void> {
        const { id } = recorded.stream;
        const sum = (this.litres.get(id) ?? 0) + litres;
        this.litres.set(id, sum);
        rows(BarrelEntity).put({ id, litres: sum, pouredAt: recorded.timestamp });
        return Promise.resolve();
      }
    }
    const message = await failure(twoBarrels(Remembering).thenRows(BarrelEntity, rowsOfTwo));
    expect(message).toContain(
      'Remembering makes other rows when the events come twice, the first time in a transaction that is rolled back.',
    );
    expect(message).toContain("  barrels, row { id: 'b-1' }.litres\n    expected: '7'\n    received: '14'");
  });

  it('finds a projector that depends on where a batch is cut', async () => {
    @Projector('barrels', { version: 1, entities: [BarrelEntity] })
    class Batching extends BarrelsProjector {
      private batch: unknown;
      private nth = 0;

      @On(Poured)
      override async onPoured(event: Poured, context: ProjectionContext): Promise<void> {
        await super.onPoured(event, context);
        // Every batch has rows of its own.
        this.nth = this.batch === context.rows ? this.nth + 1 : 1;
        this.batch = context.rows;
        context.rows(BarrelEntity).update(context.recorded.stream.id, { pouredAt: timeOfEvent(this.nth) });
      }
    }
    const message = await failure(twoBarrels(Batching).thenRows(BarrelEntity, rowsOfTwo));
    expect(message).toContain('Batching makes other rows when the batch is cut behind event 1 (Poured).');
    expect(message).toContain("barrels, row { id: 'b-2' }.poured_at");
  });

  it('finds a projector that forgets its rows when another process goes on', async () => {
    @Projector('barrels', { version: 1, entities: [BarrelEntity] })
    class Forgetful extends BarrelsProjector {
      private seen = 0;

      protected override sum(before: number, litres: number): number {
        this.seen = Math.max(this.seen, before);
        return before + litres;
      }

      @On(Poured)
      override async onPoured(event: Poured, context: ProjectionContext): Promise<void> {
        await super.onPoured(event, context);
        this.seen++;
        const { id } = context.recorded.stream;
        if (id === 'b-2') context.rows(BarrelEntity).update(id, { litres: 5 + (this.seen > 1 ? 0 : 1) });
      }
    }
    expect(await failure(twoBarrels(Forgetful).thenRows(BarrelEntity, rowsOfTwo))).toContain(
      'Forgetful makes other rows when another process goes on behind event 1 (Poured).',
    );
  });

  it.each([
    ['its process', (at: Date) => `${at.getFullYear()}-${at.getMonth() + 1}-${at.getDate()}`],
    ['its process, in words', (at: Date) => at.toLocaleDateString('en-GB')],
  ])('finds a projector that reads the clock of %s', async (_, dayOf) => {
    @Projector('barrel-days', { version: 1, entities: [BarrelDayEntity] })
    class LocalDays {
      @On(Poured)
      onPoured({ litres }: Poured, { rows, recorded }: ProjectionContext): void {
        rows(BarrelDayEntity).put({ day: dayOf(recorded.timestamp), litres });
      }
    }
    const message = await failure(
      projectorSpec(LocalDays, { dataSource })
        .given('Barrel', 'b-1', new Poured(3))
        .thenRows(BarrelDayEntity, [{ day: dayOf(timeOfEvent(1)), litres: 3 }]),
    );
    expect(message).toContain(
      'LocalDays makes other rows in a process whose time zone is Pacific/Kiritimati.',
    );
    expect(message).toContain('barrel_days, row');
  });

  it('finds a projector whose SQL reads the clock of the session', async () => {
    @Projector('barrel-days', { version: 1, entities: [BarrelDayEntity] })
    class SessionDays {
      @On(Poured)
      async onPoured({ litres }: Poured, { manager, recorded }: ProjectionContext): Promise<void> {
        await manager.query("INSERT INTO barrel_days VALUES (to_char($1::timestamptz, 'YYYY-MM-DD'), $2)", [
          recorded.timestamp,
          litres,
        ]);
      }
    }
    await dataSource.query("SET TIME ZONE 'UTC'");
    const message = await failure(
      projectorSpec(SessionDays, { dataSource })
        .given('Barrel', 'b-1', new Poured(3))
        .thenRows(BarrelDayEntity, [{ day: '2026-01-01', litres: 3 }]),
    );
    expect(message).toContain(
      'SessionDays makes other rows in a process whose time zone is Pacific/Kiritimati.',
    );
  });

  it('gives the process its own time zone back', async () => {
    const before = new Date(2026, 5, 1).toString();
    await twoBarrels().thenRows(BarrelEntity, rowsOfTwo);
    expect(new Date(2026, 5, 1).toString()).toBe(before);
  });

  it('tells in which way of feeding a projector fails', async () => {
    @Projector('barrels', { version: 1, entities: [BarrelEntity] })
    class Once extends BarrelsProjector {
      private hasRun = false;

      protected override sum(before: number, litres: number): number {
        if (this.hasRun && before === 0 && litres === 3) throw new Error('I have seen this one.');
        this.hasRun = true;
        return before + litres;
      }
    }
    expect(await failure(twoBarrels(Once).thenRows(BarrelEntity, rowsOfTwo))).toBe(
      'AssertionError: Once fails when the events come twice, the first time in a transaction that is rolled back: ' +
        'I have seen this one.',
    );
  });

  it('expects a failure where the spec says so', async () => {
    const empty = projectorSpec(BarrelsProjector, { dataSource }).given('Barrel', 'b-1', new Emptied());
    await empty.thenThrows(Error);
    expect(await failure(twoBarrels().thenThrows(TypeError))).toContain(
      'expected: TypeError\n    received: no error',
    );
    await expect(empty.thenRows(BarrelEntity, [])).rejects.toThrow('There is no row in "barrels"');
  });

  it('refuses an entity that is not of the projector', async () => {
    expect(await failure(twoBarrels().thenRows(BarrelDayEntity, []))).toBe(
      'AssertionError: BarrelsProjector does not name BarrelDayEntity among its entities: ' +
        '@Projector(…, { entities: [BarrelDayEntity] }).',
    );
  });
});
