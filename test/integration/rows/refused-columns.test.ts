import {
  Column,
  DataSource,
  Entity,
  EntitySchema,
  type EntityTarget,
  type ObjectLiteral,
  PrimaryColumn,
} from 'typeorm';
import { EventRegistry, type ProjectionContext, Projections, Projector } from '../../../src/event-sourcing';
import { DomainEvent, On } from '../../../src/event-sourcing/domain';
import { checkTables } from '../../../src/event-sourcing/projections/tables-of';
import { CollectedRows } from '../../../src/event-sourcing/rows/collected-rows';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';

@DomainEvent('Seen')
class Seen {}

@Entity('kept_objects')
class Kept {
  @PrimaryColumn('integer')
  id!: number;

  @Column('jsonb')
  data!: { list: number[]; more?: { n: number } };

  @Column('timestamptz', { nullable: true })
  at!: Date | null;

  @Column('bytea', { nullable: true })
  bytes!: Buffer | null;
}

const schemas = Object.fromEntries(
  (
    [
      ['Places', { type: 'geometry' }],
      ['Papers', { type: 'jsonb', array: true }],
      ['Flags', { type: Boolean, array: true }],
      ['Halves', { type: 'text', insert: false }],
    ] as const
  ).map(([name, column]) => [
    name,
    new EntitySchema<ObjectLiteral>({
      name,
      columns: { id: { type: 'int', primary: true }, value: { ...column, nullable: true } },
    }),
  ]),
);

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await createTestDatabase({ empty: true });
  dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    installExtensions: false,
    entities: [Kept, ...Object.values(schemas)],
  }).initialize();
  await dataSource.query(
    'CREATE TABLE kept_objects (id integer PRIMARY KEY, data jsonb, at timestamptz, bytes bytea)',
  );
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

function projectionOf(entity: EntityTarget<ObjectLiteral>) {
  @Projector('seen', { version: 1, entities: [entity] })
  class SeenProjector {
    @On(Seen)
    onSeen(_event: Seen, _context: ProjectionContext): void {}
  }
  const projections = new Projections(new EventRegistry());
  projections.register(new SeenProjector());
  return projections.get('seen');
}

it.each([
  [
    'Places',
    'Projector "seen" cannot keep its rows: Places.value is of the type geometry, which rows() cannot write. Declare it as text',
  ],
  ['Papers', 'Papers.value is of the type jsonb[]'],
  ['Flags', 'Flags.value is of the type Boolean[]'],
  ['Halves', 'Halves.value is declared with insert: false'],
])('%s: a column whose rows are not proven is refused at the start, with the mend', (name, sentence) => {
  const schema = schemas[name] as EntityTarget<ObjectLiteral>;
  expect(() => checkTables(dataSource, projectionOf(schema))).toThrow(sentence);
  expect(() => new CollectedRows(dataSource.manager).of(schema)).toThrow(`${name}.value is`);
  expect(() => checkTables(dataSource, projectionOf(Kept))).not.toThrow();
});

it('an object that is given or got may be changed afterwards, and shared between rows', async () => {
  await dataSource.transaction(async (manager) => {
    const collected = new CollectedRows(manager);
    const rows = collected.of(Kept);
    const data = { list: [1], more: { n: 1 } };
    const at = new Date(1_000);
    const bytes = Buffer.from([1]);
    rows.put({ id: 1, data, at, bytes });
    data.list.push(2);
    data.more.n = 2;
    at.setTime(2_000);
    bytes[0] = 2;
    rows.put({ id: 2, data, at, bytes });
    const got = await rows.get(1);
    expect(got).toEqual({
      id: 1,
      data: { list: [1], more: { n: 1 } },
      at: new Date(1_000),
      bytes: Buffer.from([1]),
    });
    got?.data.list.push(9);
    got?.at?.setTime(9_000);
    expect(await rows.get(1)).toMatchObject({ data: { list: [1] }, at: new Date(1_000) });
    await collected.write();
    const read = await rows.get(1);
    read?.data.list.push(7);
    rows.update(1, { bytes: Buffer.from([3]) });
    expect(await rows.get(1)).toMatchObject({ data: { list: [1] }, bytes: Buffer.from([3]) });
    await collected.write();
  });
  expect(await dataSource.getRepository(Kept).find({ order: { id: 'ASC' } })).toEqual([
    { id: 1, data: { list: [1], more: { n: 1 } }, at: new Date(1_000), bytes: Buffer.from([3]) },
    { id: 2, data: { list: [1, 2], more: { n: 2 } }, at: new Date(2_000), bytes: Buffer.from([2]) },
  ]);
});
