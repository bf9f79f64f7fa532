// Loaded into the service before its program: on SIGUSR2 it prints what the fuzzer asks of the process.
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

const shared = { Object, Array, Function, String, Number, Boolean, Promise, Map, Set, Error, Date, RegExp };
const members = () =>
  Object.entries(shared).flatMap(([name, { prototype }]) =>
    Reflect.ownKeys(prototype).map((key) => [
      `${name}.prototype.${String(key)}`,
      Object.getOwnPropertyDescriptor(prototype, key),
    ]),
  );
const before = new Map(members());

function changed() {
  const now = new Map(members());
  const isSame = (a, b) => a && b && a.value === b.value && a.get === b.get && a.set === b.set;
  return [...new Set([...before.keys(), ...now.keys()])].filter(
    (name) => !isSame(before.get(name), now.get(name)),
  );
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

process.on('SIGUSR2', () => {
  collectGarbage();
  const { rss, heapUsed } = process.memoryUsage();
  process.stdout.write(`\nPROBE ${JSON.stringify({ changed: changed(), rss, heapUsed })}\n`);
});
