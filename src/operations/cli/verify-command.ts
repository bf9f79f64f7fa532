import { CheckpointCheck, FoldComparison, LogCheck, ProjectionFold, Projections } from '../../event-sourcing';
import { AddCommands, CommandContext, Output } from '../../platform/cli';

/** `verify`. */
export const addVerifyCommand: AddCommands = (program, run) => {
  program
    .command('verify')
    .description('prove that the log has no hole, and that every read model is the fold of the log')
    .action(run(verify));
};

async function verify({ application, output }: CommandContext): Promise<boolean> {
  const app = await application();
  const log = await app.get(LogCheck).run();
  for (const problem of log.problems) output.complain({ problem }, `The log: ${problem}`);
  output.print(
    { log: { events: log.events, head: log.head, streams: log.streams, problems: log.problems.length } },
    `The log: ${log.events} events in ${log.streams} streams, ${verdict(log.problems.length)}.`,
  );
  for (const { type, events } of log.retired)
    output.print(
      { retired: type, events },
      `The retired type "${type}": ${events} events, which everybody passes over.`,
    );
  let isFine = log.problems.length === 0;
  isFine = (await verifyCheckpoints(app.get(CheckpointCheck), output)) && isFine;
  for (const projection of app.get(Projections).all()) {
    const progress = output.progress(projection.name);
    try {
      const comparison = await app
        .get(ProjectionFold)
        .compare(projection, (done) => progress.update(Number(done), Number(log.head)));
      printComparison(output, projection.name, comparison);
      isFine &&= comparison.differences.length === 0;
    } catch (error) {
      const { message } = error as Error;
      output.complain(
        { projection: projection.name, problem: message },
        `${projection.name}: not compared: ${message}`,
      );
      isFine = false;
    } finally {
      progress.stop();
    }
  }
  return isFine;
}

async function verifyCheckpoints(check: CheckpointCheck, output: Output): Promise<boolean> {
  const proofs = await check.run();
  for (const { name, segment, startedAfter, checkpoint, sawEvery } of proofs) {
    const problem = `Subscription "${name}" (segment ${segment}) has not seen every event once from ${startedAfter} to ${checkpoint}.`;
    if (!sawEvery) output.complain({ subscription: name, segment, problem }, problem);
  }
  const wrong = proofs.filter(({ sawEvery }) => !sawEvery).length;
  output.print(
    { checkpoints: proofs.length, problems: wrong },
    `The checkpoints: ${proofs.length}, each has seen every event up to its position once, ${verdict(wrong)}.`,
  );
  return wrong === 0;
}

function printComparison(
  output: Output,
  name: string,
  { position, leftOut, differences }: FoldComparison,
): void {
  for (const difference of differences) {
    output.complain(
      { projection: name, ...difference },
      `${name}: ${difference.table}, ${difference.side}: ${JSON.stringify(difference.row)}`,
    );
  }
  output.print(
    { projection: name, position, leftOut, differences: differences.length },
    `Read model "${name}": compared with the fold of the log up to position ${position}` +
      `${leftOut === 0 ? '' : ` without ${leftOut} events that are set aside or discarded`}, ${verdict(differences.length)}.`,
  );
}

function verdict(problems: number): string {
  return problems === 0 ? 'nothing wrong' : `PROBLEMS: ${problems}`;
}
