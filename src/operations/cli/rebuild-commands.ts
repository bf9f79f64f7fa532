import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import {
  Projections,
  RebuildComparison,
  RebuildProgress,
  RebuildRunner,
  Rebuilds,
  RebuildSwap,
  SubscriptionControl,
  SubscriptionStatus,
  SubscriptionStatuses,
} from '../../event-sourcing';
import { AddCommands, CommandContext, Output } from '../../platform/cli';

interface RebuildFlags {
  readonly compare?: boolean;
  readonly resume?: boolean;
}

/** How often the progress is looked at, in milliseconds. */
const lookMs = 250;

/** `projections rebuild|cancel-rebuild|drop-old|rename`. */
export const addRebuildCommands: AddCommands = (projections, run) => {
  projections
    .command('rebuild <name>')
    .description('rebuild a read model in shadow tables, and swap them in')
    .option('--compare', 'before they take over, print the rows that differ, old and new')
    .option('--resume', 'go on with a rebuild that is under way, here or in the service')
    .action(run(rebuild));
  projections
    .command('cancel-rebuild <name>')
    .description('give a rebuild up; the rows that are read stay')
    .action(run(async ({ application }, name: string) => (await application()).get(Rebuilds).cancel(name)));
  projections
    .command('drop-old <name>')
    .description('drop the rows that were read before the last rebuild')
    .action(run(dropOld));
  projections
    .command('rename <old> <new>')
    .description(
      'give the checkpoint and the tables of a projector that was renamed to its new name; stop the service before',
    )
    .action(
      run(async ({ application }, old: string, name: string) => {
        await (await application()).get(SubscriptionControl).rename(old, name);
      }),
    );
};

/** Takes part in the rebuild, so that it also works while no service runs, and reports it until the new rows are read. */
async function rebuild(
  context: CommandContext,
  name: string,
  { compare = false, resume = false }: RebuildFlags,
): Promise<boolean> {
  const { application, output } = context;
  const app = await application();
  const rebuilds = app.get(Rebuilds);
  const before = await lastTakeover(app, name);
  if (resume) await rebuilds.hold(name, compare);
  else await rebuilds.request(name, { isHeld: compare });
  const runner = app.get(RebuildRunner);
  runner.start();
  try {
    if (compare) {
      await follow(app, output, name, (progress) => isReady(app, name, progress));
      await printDifferences(app, output, name);
      await rebuilds.hold(name, false);
    }
    await follow(app, output, name, () => Promise.resolve(false));
  } finally {
    await runner.stop();
  }
  return reportEnd(context, name, (await lastTakeover(app, name)) !== before);
}

/** Shows the progress until the rebuild is gone, or `isEnough`. */
async function follow(
  app: INestApplicationContext,
  output: Output,
  name: string,
  isEnough: (progress: RebuildProgress) => Promise<boolean>,
): Promise<void> {
  const bar = output.progress(name);
  let told = '';
  try {
    for (;;) {
      const status = await statusOf(app, name);
      if (!status?.rebuild) return;
      bar.update(Number(status.rebuild.checkpoint), Number(status.head));
      told = tellTrouble(output, status.rebuild, { name, told });
      if (await isEnough(status.rebuild)) return;
      await delay(lookMs);
    }
  } finally {
    bar.stop();
  }
}

async function isReady(
  app: INestApplicationContext,
  name: string,
  progress: RebuildProgress,
): Promise<boolean> {
  const isNear = await app.get(RebuildSwap).isNear(app.get(Projections).get(name));
  return isNear && progress.parkedCount === 0;
}

/** Says once what holds the rebuild up. */
function tellTrouble(
  output: Output,
  { failure, parkedCount }: RebuildProgress,
  { name, told }: { readonly name: string; readonly told: string },
): string {
  const aside = `${parkedCount} events of the rebuild are set aside, and it waits for them: parked list ${name}@next`;
  const trouble = failure ?? (parkedCount > 0 ? aside : '');
  if (trouble !== '' && trouble !== told)
    output.complain({ rebuild: name, problem: trouble }, `${name}: ${trouble}`);
  return trouble;
}

async function printDifferences(app: INestApplicationContext, output: Output, name: string): Promise<void> {
  const projection = app.get(Projections).get(name);
  let comparison: RebuildComparison | undefined;
  while (!comparison) {
    comparison = await app.get(RebuildSwap).compare(projection);
    if (!comparison) await delay(lookMs);
  }
  for (const { table, onlyLeft, onlyRight } of comparison.tables) {
    for (const row of onlyLeft)
      output.print({ table, side: 'old', row }, `${table} old: ${JSON.stringify(row)}`);
    for (const row of onlyRight)
      output.print({ table, side: 'new', row }, `${table} new: ${JSON.stringify(row)}`);
  }
  const count = comparison.tables.reduce(
    (sum, table) => sum + table.onlyLeft.length + table.onlyRight.length,
    0,
  );
  output.print(
    { projection: name, position: comparison.position, differences: count },
    `Old and new rows of "${name}" compared at position ${comparison.position}: ` +
      (count === 0 ? 'no difference.' : `${count} rows shown, at most 20 a table and side.`),
  );
}

function reportEnd({ output, invocation }: CommandContext, name: string, isDone: boolean): boolean {
  const done = `The new rows of "${name}" are read now. The old ones are kept until: ${invocation} projections drop-old ${name}`;
  if (isDone) output.print({ rebuilt: name }, done);
  else output.complain({ givenUp: name }, `The rebuild of "${name}" was given up.`);
  return isDone;
}

/** When new rows took over last, in milliseconds. */
async function lastTakeover(app: INestApplicationContext, name: string): Promise<number | undefined> {
  return (await statusOf(app, name))?.rebuiltAt?.getTime();
}

async function statusOf(app: INestApplicationContext, name: string): Promise<SubscriptionStatus | undefined> {
  return (await app.get(SubscriptionStatuses).all()).find((status) => status.name === name);
}

async function dropOld({ application, output }: CommandContext, name: string): Promise<void> {
  const isDropped = await (await application()).get(Rebuilds).dropOld(name);
  output.print({ dropped: isDropped }, isDropped ? 'Dropped.' : 'There are no old rows.');
}
