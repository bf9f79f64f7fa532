/**
 * What takes a second connection while it holds one stands still as soon as there are as many subscriptions as connections. With
 * one connection it does so at once: the tests of these files must pass all the same. All others can be run so by hand:
 * TEST_POOL_SIZE=1 npx jest test/integration/subscriptions
 */
const files = [
  './parking.test',
  './durable-handler.test',
  './segments.test',
  './projecting.test',
  './leases.test',
  './rebuild.test',
  './rebuilds-at-once.test',
  './collecting-projector.test',
  './unknown-events.test',
  './positions.test',
  './fold.test',
  './checkpoint-check.test',
  './watchdog.test',
  './metrics.test',
  './event-bus.test',
];

const before = process.env.TEST_POOL_SIZE;
process.env.TEST_POOL_SIZE = '1';

afterAll(() => {
  if (before === undefined) delete process.env.TEST_POOL_SIZE;
  else process.env.TEST_POOL_SIZE = before;
});

describe.each(files)('with a pool of one connection, %s:', (file) => {
  jest.requireActual<object>(file);
});
