import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { ProjectionContext } from '../../../src/event-sourcing';
import { waitUntil } from '../../support/wait-until';
import { startTallies, TallySystem } from './tally';

function burn(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** As much as a page may hold, in few streams. */
async function feed(system: TallySystem, events: number): Promise<void> {
  const counted = Array.from({ length: events / 10 }, () => ({ type: 'Counted', data: { by: 1 } }));
  for (let n = 0; n < 10; n++)
    await system.store.appendToStream({ type: 'Tally', id: `s${n}` }, counted, { expectedVersion: 0 });
}

async function expectAllOnce(system: TallySystem, events: number): Promise<void> {
  const totals = Object.values(await system.tallies()).map(({ total }) => total);
  expect(totals).toEqual(Array.from({ length: 10 }, () => events / 10));
}

describe('a page that takes longer than a transaction may', () => {
  let system: TallySystem;
  let errors: jest.SpyInstance;

  const start = async (idleLimitMs: number) => {
    system = await startTallies([], { idleLimitMs });
  };

  beforeEach(() => {
    for (const level of ['warn', 'log'] as const) jest.spyOn(Logger.prototype, level).mockImplementation();
    errors = jest.spyOn(Logger.prototype, 'error').mockImplementation();
  });

  afterEach(async () => {
    await system.close();
    jest.restoreAllMocks();
  });

  it.each<[string, boolean, () => Promise<void> | void]>([
    ['processor time, rows that are collected', true, () => burn(8)],
    ['processor time, statements', false, () => burn(8)],
    ['waiting, rows that are collected', true, () => delay(8)],
    ['waiting, statements', false, () => delay(8)],
  ])('is handled in parts, and its checkpoint moves: %s', async (_kind, collects, work) => {
    await start(2_000);
    await feed(system, 400);
    const positions = new Set<string>();
    const afterRow = async () => {
      await work();
    };
    system.loop('one', { meddling: { afterRow, collects } }).start();
    await waitUntil(async () => {
      positions.add((await system.subscription()).position);
      return positions.has('400');
    });
    expect(positions.size).toBeGreaterThan(2);
    expect(errors).not.toHaveBeenCalled();
    await expectAllOnce(system, 400);
    expect((await system.subscription()).epoch).toBe('1');
  });

  it('of a projector that never waits lets timers of the process run', async () => {
    await start(5_000);
    await feed(system, 100);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const seen: number[] = [];
    const afterRow = () => {
      burn(8);
      seen.push(ticks);
    };
    system.loop('one', { meddling: { afterRow, collects: true } }).start();
    expect(await system.positions.waitFor('tallies', 100n, 20_000)).toBe(true);
    clearInterval(timer);
    // So often were events of a page met in another turn of the event loop than the one before.
    expect(new Set(seen).size).toBeGreaterThan(10);
  });

  it('is handled in ever smaller parts where its transactions are lost', async () => {
    await start(100);
    await feed(system, 200);
    system.loop('one', { maxBackoffMs: 50, meddling: { afterRow: () => burn(10), collects: true } }).start();
    expect(await system.positions.waitFor('tallies', 200n, 30_000)).toBe(true);
    await expectAllOnce(system, 200);
    expect(await system.control.parked('tallies')).toEqual([]);
  });

  it('is not lost because one event waits for others longer than a transaction may be idle', async () => {
    await start(1_000);
    await feed(system, 10);
    let executions = 0;
    const afterRow = async ({ recorded }: ProjectionContext) => {
      if (recorded.stream.id !== 's5') return;
      executions++;
      await delay(3_000);
    };
    system.loop('one', { meddling: { afterRow } }).start();
    expect(await system.positions.waitFor('tallies', 10n, 20_000)).toBe(true);
    expect(executions).toBe(1);
    expect(errors).not.toHaveBeenCalled();
  });

  it('gets smaller, too, when its lease is lost', async () => {
    await start(0);
    await feed(system, 100);
    const sizes = new Map<string, number>();
    const afterRow = async ({ manager }: ProjectionContext) => {
      const [row] = await manager.query<{ id: string }[]>('SELECT pg_current_xact_id()::text AS id');
      const size = (sizes.get(row?.id ?? '') ?? 0) + 1;
      sizes.set(row?.id ?? '', size);
      if (size !== 10) return;
      await system.dataSource.query(
        "UPDATE annals.subscriptions SET epoch = epoch + 1, owner = NULL, lease_expires_at = NULL WHERE name = 'tallies'",
      );
    };
    system.loop('one', { meddling: { afterRow } }).start();
    expect(await system.positions.waitFor('tallies', 100n, 30_000)).toBe(true);
    await expectAllOnce(system, 100);
    expect(Math.min(...sizes.values())).toBeLessThan(10);
  });
});
