const { relative } = require('node:path');
const Sequencer = require('@jest/test-sequencer').default;

/** The files that take longest, the longest first: none of them begins when the other workers are about to end. */
const longest = [
  'test/package/commands.test.ts',
  'test/package/tutorial.test.ts',
  'test/package/stranger.test.ts',
  'test/generators/generators.test.ts',
  'test/e2e/api-keys.e2e.test.ts',
  'test/e2e/refused-database.e2e.test.ts',
  'test/integration/subscriptions/whose-fault.test.ts',
  'test/integration/subscriptions/common-cause.test.ts',
  'test/e2e/boot.e2e.test.ts',
  'test/e2e/connections.e2e.test.ts',
  'test/e2e/import-files.e2e.test.ts',
  'test/e2e/limits.e2e.test.ts',
  'test/e2e/tokens.e2e.test.ts',
];

/** Else as Jest does: by what an earlier run took; in a new checkout by size. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path, context }) => longest.indexOf(relative(context.config.rootDir, path));
    const known = tests.filter((test) => place(test) >= 0).sort((a, b) => place(a) - place(b));
    return [...known, ...super.sort(tests.filter((test) => place(test) < 0))];
  }
};
