/**
 * With one connection for all processes of a test, what takes a second connection while it holds one stands still at once. These files
 * need more connections for the races that they show, so they run here a second time; others ask for a pool of one
 * themselves. All can be run so by hand: TEST_POOL_SIZE=1 npx jest test/integration/subscriptions
 */
const files = [
  './segments.test',
  './projecting.test',
  './leases.test',
  './rebuild.test',
  './rebuilds-at-once.test',
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
