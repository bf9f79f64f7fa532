import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../package/tarball';
import { nestGenerate, smallApplication } from './small-application';

const parts: readonly (readonly [schematic: string, name: string])[] = [
  ['slice', 'Orders'],
  ['event', 'orders/OrderShipped'],
  ['command', 'orders/ship_order'],
  ['projector', 'orders/OrderDays'],
  ['durable-handler', 'orders/greet-customer'],
  ['module', 'billing'],
  ['aggregate', 'billing/invoice'],
];

describe.each([
  ['commonjs', parts, 23],
  ['module', parts.slice(0, 1), 11],
] as const)('what nest g makes in a small application (%s)', (type, made, files) => {
  let folder: string;
  const printed: string[] = [];

  beforeAll(async () => {
    folder = await smallApplication(type);
    for (const [schematic, name] of made) printed.push(await nestGenerate(folder, schematic, name));
  }, 300_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is there, and the steps that are left are told', () => {
    const sources = readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' });
    expect(sources.filter((name) => name.endsWith('.ts'))).toHaveLength(files);
    expect(printed.join('\n')).toMatch(/CREATE\S* src\/orders\/domain\/order\.ts/);
    expect(printed.join('\n')).toContain('Next: make the table, by a migration: CREATE TABLE orders');
    expect(readFileSync(join(folder, 'src/app.module.ts'), 'utf8')).toContain('imports: [OrdersModule');
  });

  it('compiles', async () => {
    await run(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { cwd: folder });
  });

  it('passes its own specs', async () => {
    const { stderr } = await run(
      join(root, 'node_modules/.bin/jest'),
      ['--config', 'jest.config.cjs', '-i'],
      {
        cwd: folder,
      },
    );
    expect(stderr).toMatch(/Test Suites: (\d) passed, \1 total/);
  });

  it('is formatted by the Prettier of the application', async () => {
    await run(join(root, 'node_modules/.bin/prettier'), ['--check', 'src'], { cwd: folder });
  });

  it('is not overwritten', async () => {
    const before = readFileSync(join(folder, 'src/orders/domain/order.ts'), 'utf8');
    expect(await nestGenerate(folder, 'slice', 'orders')).toContain(
      'src/orders/orders.module.ts exists already',
    );
    expect(readFileSync(join(folder, 'src/orders/domain/order.ts'), 'utf8')).toBe(before);
  });
});
