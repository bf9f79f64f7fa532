import { join } from 'node:path';
import { Context } from './generation';
import { Options, Tree } from './project';
import * as schematics from './schematics';

/** Files in memory, as the command line gives them to a generator. */
class Files implements Tree {
  readonly steps: string[] = [];
  private readonly files: Map<string, string>;

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.files = new Map(Object.entries(files));
  }

  exists(path: string): boolean {
    return this.files.has(path);
  }

  read(path: string): Buffer | null {
    const text = this.files.get(path);
    return text === undefined ? null : Buffer.from(text);
  }

  create(path: string, content: string): void {
    this.files.set(path, content);
  }

  overwrite(path: string, content: string): void {
    this.files.set(path, content);
  }

  getDir(path: string): { readonly subfiles: readonly string[] } {
    const inside = this.names().filter((name) => name.startsWith(`${path}/`));
    return {
      subfiles: inside.map((name) => name.slice(path.length + 1)).filter((name) => !name.includes('/')),
    };
  }

  names(): string[] {
    return [...this.files.keys()];
  }

  text(path: string): string {
    return this.files.get(path) ?? '';
  }
}

const appModule = `import { Module } from '@nestjs/common';

@Module({ imports: [] })
export class AppModule {}
`;

const application = (): Files => new Files({ '/package.json': '{}', '/src/app.module.ts': appModule });

async function generate(
  name: keyof typeof schematics,
  options: string | Options,
  tree = application(),
): Promise<Files> {
  const logger: Context['logger'] = { info: (text) => void tree.steps.push(text), warn: () => undefined };
  await schematics[name](typeof options === 'string' ? { name: options } : options)(tree, { logger });
  return tree;
}

describe('a generator', () => {
  // A project without Prettier, which Jest cannot load.
  beforeAll(() => jest.spyOn(process, 'cwd').mockReturnValue('/'));
  afterAll(() => jest.restoreAllMocks());

  it.each(['ShipOrder', 'shipOrder', 'ship_order', 'ship-order', 'SHIP_ORDER', 'ship order'])(
    'takes the name %s in any case form',
    async (name) => {
      const tree = await generate('slice', 'orders');
      await generate('command', `orders/${name}`, tree);
      expect(tree.text('/src/orders/application/ship-order.command.ts')).toContain(
        'class ShipOrder extends Command',
      );
      expect(tree.text('/src/orders/domain/order.ts')).toContain('  ship(): void {');
    },
  );

  it('makes the files of a slice, and wires them', async () => {
    const tree = await generate('slice', 'Orders');
    expect(
      tree
        .names()
        .filter((name) => name.includes('/orders/'))
        .sort(),
    ).toEqual(
      [
        'application/create-order.command.spec.ts',
        'application/create-order.command.ts',
        'application/get-order-by-id.query.ts',
        'domain/order-events.ts',
        'domain/order.spec.ts',
        'domain/order.ts',
        'index.ts',
        'orders.module.ts',
        'read-model/order.entity.ts',
        'read-model/orders.projector.ts',
      ].map((name) => join('/src/orders', name)),
    );
    const text = tree.text('/src/orders/orders.module.ts');
    expect(text).toContain('TypeOrmModule.forFeature([OrderEntity])');
    expect(text).toContain('forFeature({ aggregates: [Order], projectors: [OrdersProjector] })');
    expect(text).toContain('providers: [CreateOrderHandler, GetOrderByIdHandler]');
    expect(tree.text('/src/app.module.ts')).toContain('@Module({ imports: [OrdersModule] })');
    expect(tree.steps.join('\n')).toContain('CREATE TABLE orders (order_id text PRIMARY KEY');
  });

  it('makes no spec where none is wanted', async () => {
    const tree = await generate('slice', { name: 'orders', spec: false });
    expect(tree.names().filter((name) => name.endsWith('.spec.ts'))).toEqual([]);
  });

  it.each<[keyof typeof schematics, string]>([
    ['slice', 'orders'],
    ['featureModule', 'orders'],
    ['aggregate', 'orders/order'],
    ['command', 'orders/create-order'],
    ['projector', 'orders/orders'],
  ])('refuses to make a file that exists (%s), and changes nothing', async (name, of) => {
    const tree = await generate('slice', 'orders');
    const before = tree.names().map((file) => tree.text(file));
    await expect(generate(name, of, tree)).rejects.toThrow(/src\/orders\/.* exists already/);
    expect(tree.names().map((file) => tree.text(file))).toEqual(before);
  });

  it.each<[keyof typeof schematics, string, string]>([
    ['event', 'order-shipped', 'Name the feature, too: orders/order-shipped.'],
    ['slice', '42', '"42" names nothing.'],
    ['aggregate', 'orders/class', 'means something else in the code'],
    ['command', 'orders/ship-order', 'orders has no aggregate yet. Make it first: aggregate orders/order.'],
    ['projector', 'orders/orders', 'orders has no event yet.'],
    ['slice', 'stock', 'Name the slice by a plural'],
  ])('refuses %s %s, and says the mend', async (name, of, message) => {
    await expect(generate(name, of)).rejects.toThrow(message);
  });

  it('leaves a module that it does not understand as it is, and tells what is left to do', async () => {
    const tree = application();
    tree.create('/src/orders/orders.module.ts', 'export const providers = [];\n');
    await generate('aggregate', 'orders/order', tree);
    expect(tree.text('/src/orders/orders.module.ts')).toBe('export const providers = [];\n');
    expect(tree.steps.join('\n')).toContain(
      'add Order to EventSourcingModule.forFeature({ aggregates: [Order] })',
    );
  });

  it('puts a command to the aggregate that its name ends with', async () => {
    const tree = await generate('slice', 'orders');
    await generate('aggregate', 'orders/refund', tree);
    await generate('command', 'orders/pay-refund', tree);
    expect(tree.text('/src/orders/application/pay-refund.command.ts')).toContain('@InjectAggregate(Refund)');
    await expect(generate('command', 'orders/pay', tree)).rejects.toThrow('End the name with that of one');
  });

  it('imports files with their extension where the project is of ES modules', async () => {
    const tree = await generate('slice', 'orders', new Files({ '/package.json': '{ "type": "module" }' }));
    expect(tree.text('/src/orders/domain/order.ts')).toContain("from './order-events.js'");
    expect(tree.text('/src/orders/orders.module.ts')).toContain("from './domain/order.js'");
  });

  it('imports the sources of the kernel where they stand beside it, and puts the feature among the modules', async () => {
    const tree = new Files({ '/src/event-sourcing/index.ts': '', '/src/modules/users/index.ts': '' });
    await generate('slice', 'orders', tree);
    expect(tree.text('/src/modules/orders/domain/order.ts')).toContain(
      "from '../../../event-sourcing/domain'",
    );
    expect(tree.text('/src/modules/orders/orders.module.ts')).toContain("from '../../event-sourcing'");
  });
});
