/**
 * Runs a program as often as the parent process asks, in one process: loading its modules takes far longer than most
 * commands do. The program itself is evaluated again for each run, with the arguments, environment, output and exit of
 * that run. Its path is the argument.
 */
const program = require.resolve(process.argv[2]);
const ownEnvironment = { ...process.env };
/** Thrown by `process.exit`, after which a run goes no further. */
const exited = new Error('The program has exited.');

process.on('message', ({ args, environment }) => {
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) collect(process[name], (chunk) => (printed[name] += chunk));
  let isRunning = true;
  process.exit = (code = 0) => {
    if (isRunning) process.send({ code, ...printed });
    isRunning = false;
    throw exited;
  };
  process.argv = [process.argv[0], program, ...args];
  process.env = { ...ownEnvironment, ...environment };
  delete require.cache[program];
  require(program);
});

for (const event of ['unhandledRejection', 'uncaughtException']) {
  process.on(event, (reason) => {
    if (reason !== exited) throw reason;
  });
}

function collect(stream, take) {
  stream.removeAllListeners('error');
  stream.write = (chunk, encoding, callback) => {
    take(chunk.toString());
    const done = callback ?? encoding;
    if (typeof done === 'function') process.nextTick(done);
    return true;
  };
}
