import { Logger } from '@nestjs/common';
import type { EventBus } from '@nestjs/cqrs';
import {
  AppendSignal,
  EventRegistry,
  messageContext,
  runInMessageContext,
} from '../../../src/event-sourcing';
import { EventBusBridge } from '../../../src/event-sourcing/messaging/event-bus/event-bus-bridge';
import { SharedLog } from '../../../src/event-sourcing/log/shared-log';
import { startStore, StoreUnderTest } from '../event-store/postgres-store';
import { Counted } from './tally';

/** What a handler may throw, too. */
const nothing = Object.defineProperty(new Error(), 'message', {
  get: () => {
    throw new Error('not even that');
  },
});

describe('the plain event bus', () => {
  let test: StoreUnderTest;
  let bridge: EventBusBridge;
  const heard: { event: object; correlationId?: string; causationId?: string }[] = [];

  beforeAll(async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation();
    test = await startStore();
    await count(-1);
    const registry = new EventRegistry();
    registry.register(Counted);
    const publish = (event: Counted) => {
      const { correlationId, causationId } = messageContext() ?? {};
      heard.push({ event, correlationId, causationId });
      if (event.by === 3) throw new Error('a handler that fails');
      if (event.by === 4) throw nothing;
    };
    const bus = { publish } as unknown as EventBus;
    const log = new SharedLog(test.store);
    bridge = new EventBusBridge(test.store, log, registry, bus, new AppendSignal(), {
      pollMs: 20,
      companyMs: 0,
    });
    await bridge.start();
  });

  afterAll(async () => {
    await bridge.stop();
    await test.close();
    jest.restoreAllMocks();
  });

  const stream = { type: 'Tally', id: 'a' };
  const count = (...by: number[]) =>
    test.store.appendToStream(
      stream,
      by.map((n) => ({ type: 'Counted', data: { by: n } })),
      { expectedVersion: 'any' },
    );

  it('hears the events appended since the start, after their commit, in the order of the log', async () => {
    await runInMessageContext({ correlationId: 'c', actor: 'ada' }, () => count(1, 2, 3, 4, 5));
    for (let tries = 0; heard.length < 5 && tries < 200; tries++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(heard.map(({ event }) => event)).toEqual([1, 2, 3, 4, 5].map((by) => new Counted(by)));
    const stored = await test.store.readAll({ after: 1n });
    expect(heard.map(({ causationId }) => causationId)).toEqual(stored.map((event) => event.id));
    expect(new Set(heard.map(({ correlationId }) => correlationId))).toEqual(new Set(['c']));
  });
});
