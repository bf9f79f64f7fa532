/**
 * Compares, for each type of column, the rows that `rows()` writes with those that the driver writes, in the time zone that this
 * process was started in. Arguments: the address of a database, a seed, and a pattern of the types to compare (by default all).
 * Prints the differences as JSON.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { DataSource, EntitySchema, type EntityManager } from 'typeorm';
import { CollectedRows } from '../../../src/event-sourcing/rows/collected-rows';
import { type ColumnCase, columnCases, prepareDatabase } from './column-cases';

interface Row {
  id: number;
  v: unknown;
}

interface Counter {
  k: unknown;
  n: number;
}

const [url = '', seed = '1', only = ''] = process.argv.slice(2);
const perCase = 14;
const differences: string[] = [];
let cases = 0;
let comparisons = 0;

interface Tables {
  readonly of: ColumnCase;
  readonly byDriver: EntitySchema<Row>;
  readonly byRows: EntitySchema<Row>;
  readonly counterByDriver: EntitySchema<Counter>;
  readonly counterByRows: EntitySchema<Counter>;
}

const tables = columnCases.map((of, index): Tables => {
  const values = (name: string) =>
    new EntitySchema<Row>({
      name: `${name}_${index}`,
      columns: { id: { type: 'int', primary: true }, v: { ...of.column, nullable: true } },
    });
  const counter = (name: string) =>
    new EntitySchema<Counter>({
      name: `${name}_key_${index}`,
      columns: { k: { ...of.column, primary: true }, n: { type: 'int' } },
    });
  return {
    of,
    byDriver: values('by_driver'),
    byRows: values('by_rows'),
    counterByDriver: counter('by_driver'),
    counterByRows: counter('by_rows'),
  };
});

const dataSource = new DataSource({
  type: 'postgres',
  url,
  installExtensions: false,
  entities: tables.flatMap((of) => [of.byDriver, of.byRows, of.counterByDriver, of.counterByRows]),
});

function check(name: string, actual: unknown, expected: unknown): void {
  comparisons++;
  if (isDeepStrictEqual(actual, expected)) return;
  differences.push(`${name}\n  rows():  ${shown(actual)}\n  driver:  ${shown(expected)}`);
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, of: unknown) => (typeof of === 'bigint' ? `${of}n` : of)) ?? 'undefined';
}

/** Whether the work succeeds; what a failure did is taken back. */
async function tried(work: (manager: EntityManager) => Promise<unknown>): Promise<string | undefined> {
  try {
    await dataSource.transaction(work);
    return undefined;
  } catch (error) {
    return String((error as Error).message);
  }
}

async function texts(table: string, column: string, by: string): Promise<unknown> {
  return dataSource.query(`SELECT ${column}::text AS text, ${by} AS by FROM ${table} ORDER BY ${by}`);
}

async function compareValues({ of, byDriver, byRows }: Tables, given: readonly unknown[]): Promise<void> {
  const taken: Row[] = [];
  for (const [id, v] of given.entries()) {
    const driver = await tried((manager) => manager.insert(byDriver, { id, v } as never));
    const rows = await tried(async (manager) => {
      const collected = new CollectedRows(manager);
      collected.of(byRows).insert({ id, v });
      await collected.write();
    });
    check(`${of.name}: takes ${shown(v)}`, rows === undefined, driver === undefined);
    if (driver === undefined && rows === undefined) taken.push({ id, v });
  }
  const table = (schema: EntitySchema) => dataSource.getMetadata(schema).tableName;
  const stored = await texts(table(byDriver), 'v', 'id');
  check(`${of.name}: inserted one by one`, await texts(table(byRows), 'v', 'id'), stored);
  const read = await dataSource.getRepository(byDriver).find({ order: { id: 'ASC' } });
  await batch(async (rows) => {
    for (const row of taken) rows(byRows).put({ ...row });
    // From the batch, before anything is written, and from the table afterwards.
    const early = [];
    for (const { id } of taken) early.push(await rows(byRows).get(id));
    check(`${of.name}: got in the batch that put them`, early, read);
  });
  check(`${of.name}: put in a batch`, await texts(table(byRows), 'v', 'id'), stored);
  if (of.isNullable) await dataSource.query(`UPDATE ${table(byRows)} SET v = NULL`);
  await batch((rows) => {
    for (const { id, v } of taken) rows(byRows).update(id, { v });
  });
  check(`${of.name}: updated in a batch`, await texts(table(byRows), 'v', 'id'), stored);
  for (let round = 0; round < 2; round++) {
    await batch(async (rows) => {
      const late = [];
      for (const { id } of taken) {
        const row = await rows(byRows).get(id);
        late.push(row && { ...row });
        if (row) rows(byRows).put({ ...row });
      }
      check(`${of.name}: got from the table`, late, read);
    });
    check(`${of.name}: got and put`, await texts(table(byRows), 'v', 'id'), stored);
  }
}

async function compareKeys(
  { of, counterByDriver, counterByRows }: Tables,
  given: readonly unknown[],
): Promise<void> {
  const keys = given.filter((k) => k !== null);
  const driverTable = dataSource.getMetadata(counterByDriver);
  const { driver } = dataSource;
  const taken: Counter[] = [];
  for (const [n, k] of keys.entries()) {
    const [column] = driverTable.primaryColumns;
    const failure = await tried((manager) =>
      manager.query(
        `INSERT INTO ${driverTable.tableName} (k, n) VALUES ($1, $2) ON CONFLICT (k) DO UPDATE SET n = EXCLUDED.n`,
        [driver.preparePersistentValue(k, column as never), n],
      ),
    );
    if (failure === undefined) taken.push({ k, n });
  }
  const rowsTable = dataSource.getMetadata(counterByRows).tableName;
  const stored = await texts(driverTable.tableName, 'k', 'n');
  await batch((rows) => {
    for (const row of taken) rows(counterByRows).put({ ...row });
  });
  check(`${of.name} as key: put in a batch`, await texts(rowsTable, 'k', 'n'), stored);
  await dataSource.query(`TRUNCATE ${rowsTable}`);
  await batch(async (rows) => {
    for (const { k, n } of taken) {
      const before = await rows(counterByRows).get(named(k));
      if (before) rows(counterByRows).update(named(k), { n });
      else rows(counterByRows).insert({ k, n });
    }
  });
  check(`${of.name} as key: got, then inserted or updated`, await texts(rowsTable, 'k', 'n'), stored);
  await batch((rows) => {
    for (const { k } of taken) rows(counterByRows).put({ k, n: -1 });
    for (const { k, n } of taken) rows(counterByRows).update(named(k), { n });
  });
  check(`${of.name} as key: updated`, await texts(rowsTable, 'k', 'n'), stored);
  const gone = new Set<unknown>();
  await batch(async (rows) => {
    for (const { k } of taken.toReversed()) {
      if (!(await rows(counterByRows).get(named(k)))) continue;
      rows(counterByRows).delete(named(k));
      gone.add(k);
    }
  });
  check(`${of.name} as key: deleted`, await texts(rowsTable, 'k', 'n'), []);
  check(`${of.name} as key: deleted once each`, gone.size, (stored as unknown[]).length);
}

/** An object that is itself the value of a key must be named by its member. */
function named(k: unknown): unknown {
  return Object.getPrototypeOf(k) === Object.prototype ? { k } : k;
}

async function batch(act: (rows: CollectedRows['of']) => unknown): Promise<void> {
  await dataSource.transaction(async (manager) => {
    const collected = new CollectedRows(manager);
    await act(collected.of);
    await collected.write();
  });
}

async function create({ of, byDriver, byRows, counterByDriver, counterByRows }: Tables): Promise<void> {
  for (const schema of [byDriver, byRows])
    await dataSource.query(
      `CREATE TABLE ${dataSource.getMetadata(schema).tableName} (id int PRIMARY KEY, v ${of.sql})`,
    );
  if (!of.isKey) return;
  for (const schema of [counterByDriver, counterByRows])
    await dataSource.query(
      `CREATE TABLE ${dataSource.getMetadata(schema).tableName} (k ${of.sql} PRIMARY KEY, n int)`,
    );
}

async function main(): Promise<void> {
  await dataSource.initialize();
  await dataSource.query(prepareDatabase);
  for (const [index, table] of tables.entries()) {
    if (!new RegExp(only, 'i').test(table.of.name)) continue;
    cases++;
    const { values, isNullable } = table.of;
    const given = fc.sample(isNullable ? fc.option(values, { freq: 8 }) : values, {
      seed: Number(seed) + index,
      numRuns: perCase,
    });
    try {
      await create(table);
      await compareValues(table, given);
      if (table.of.isKey) await compareKeys(table, given);
    } catch (error) {
      differences.push(`${table.of.name}: ${shown(given)}: ${(error as Error).stack}`);
    }
  }
  await dataSource.destroy();
  console.log(JSON.stringify({ cases, comparisons, differences }));
}

void main();
