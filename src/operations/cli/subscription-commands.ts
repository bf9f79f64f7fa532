import { setTimeout as delay } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import {
  type ParkedEvent,
  type StreamId,
  SubscriptionControl,
  SubscriptionStatus,
  SubscriptionStatuses,
} from '../../event-sourcing';
import { AddCommands, CommandContext, MendOfFailure, wholeNumber, table } from '../../platform/cli';
import { addRebuildCommands } from './rebuild-commands';

/** `projections status`, `projections pause|resume`, and `parked list|retry|discard`. */
export const addSubscriptionCommands: AddCommands = (program, run) => {
  const projections = program.command('projections').description('see and steer the subscriptions');
  addRebuildCommands(projections, run);
  projections
    .command('status')
    .description('how far each subscription has got, who runs it, and what it has set aside')
    .option('--watch', 'print it every second, until Ctrl-C')
    .action(run(showStatus));
  projections
    .command('pause <name>')
    .description('let nobody run the subscription')
    .action(run(({ application }, name: string) => control(application, (c) => c.pause(name))));
  projections
    .command('resume <name>')
    .description('let it run again')
    .action(run(({ application }, name: string) => control(application, (c) => c.resume(name))));
  const parked = program.command('parked').description('events that a subscription could not handle');
  parked.command('list [subscription]').description('list what is set aside').action(run(listParked));
  parked
    .command('retry <subscription> [position]')
    .description('try the event again now, and then those of its stream that wait behind it')
    .option('--all', 'all streams that are set aside')
    .option('--stream <type and id...>', 'the stream of this type and id: --stream User 42')
    .action(run(retryParked));
  parked
    .command('discard <subscription> <position>')
    .description('give the event up; the others of its stream follow')
    .requiredOption('--reason <text>', 'why; it is kept')
    .action(run(discardParked));
};

async function showStatus(
  { application, output, mendOfFailure }: CommandContext,
  { watch }: { watch?: boolean },
): Promise<boolean> {
  const statuses = (await application()).get(SubscriptionStatuses);
  for (;;) {
    const all = await statuses.all();
    output.print({ subscriptions: all }, statusTable(all, mendOfFailure));
    if (!watch) return all.every((status) => status.state === 'running' && status.parkedCount === 0);
    await delay(1_000);
  }
}

function statusTable(statuses: readonly SubscriptionStatus[], mendOfFailure: MendOfFailure): string {
  const rows = statuses.map((status) => [
    status.name,
    status.kind,
    String(status.version),
    stateOf(status),
    `${status.checkpoint} of ${status.head}`,
    `${status.lagEvents} (${status.lagSeconds} s)`,
    String(status.parkedCount),
    ownersOf(status),
  ]);
  const failures = statuses.flatMap(({ name, failure, rebuild }) => [
    ...(failure === null ? [] : [`${name}: ${failure}`, mendOfFailure(failure, name) ?? []].flat()),
    ...(rebuild?.failure
      ? [`${name}, rebuild: ${rebuild.failure}`, mendOfFailure(rebuild.failure, name) ?? []].flat()
      : []),
  ]);
  return [
    table(['name', 'kind', 'version', 'state', 'position', 'behind', 'set aside', 'run by'], rows),
    ...failures,
  ].join('\n');
}

function stateOf({ paused, state, rebuild }: SubscriptionStatus): string {
  if (paused) return 'paused';
  if (!rebuild || state !== 'rebuilding') return state;
  return `rebuilding (${rebuild.checkpoint}${rebuild.state === 'running' ? '' : `, ${rebuild.state}`})`;
}

/** Of many segments, how many each process runs. */
function ownersOf({ segments }: SubscriptionStatus): string {
  const counts = new Map<string, number>();
  for (const { owner } of segments) counts.set(owner ?? 'nobody', (counts.get(owner ?? 'nobody') ?? 0) + 1);
  return [...counts]
    .map(([owner, count]) => (segments.length === 1 ? owner : `${count} × ${owner}`))
    .join(', ');
}

async function control(
  application: CommandContext['application'],
  act: (control: SubscriptionControl) => Promise<unknown>,
): Promise<void> {
  await act((await application()).get(SubscriptionControl));
}

async function listParked({ application, output }: CommandContext, only?: string): Promise<void> {
  const app = await application();
  const names =
    only === undefined ? (await app.get(SubscriptionStatuses).all()).map(({ name }) => name) : [only];
  let count = 0;
  for (const name of names) {
    for (const event of await app.get(SubscriptionControl).parked(name, 0n, 1_000)) {
      count++;
      const { position, stream, state, attempts, category, error } = event;
      output.print(
        { subscription: name, ...event },
        `${name}  ${position}  ${stream.type}/${stream.id}  ${state}  ${attempts} tries  ${reasonOf(category, error)}`,
      );
    }
  }
  if (count === 0) output.print({ parked: 0 }, 'Nothing is set aside.');
}

function reasonOf(category: ParkedEvent['category'], error: string | null): string {
  return [category ?? [], error ?? []].flat().join(': ');
}

interface RetryOptions {
  readonly all?: boolean;
  readonly stream?: readonly string[];
}

async function retryParked(
  context: CommandContext,
  name: string,
  position: string | undefined,
  { all = false, stream }: RetryOptions,
): Promise<void> {
  const given = [position !== undefined, all, stream !== undefined].filter(Boolean).length;
  if (given !== 1)
    throw new InvalidArgumentError('Give one of these: a position, --all, --stream <type> <id>.');
  if (all) await retryAll(context, name);
  else if (stream) await retryStream(context, name, streamOf(stream));
  else await control(context.application, (c) => c.retry(name, wholeNumber(position ?? '')));
}

async function retryAll({ application, output }: CommandContext, name: string): Promise<void> {
  const retried = await (await application()).get(SubscriptionControl).retryAll(name);
  const words = retried === 1 ? '1 stream is' : `${retried} streams are`;
  output.print(
    { subscription: name, retried },
    retried === 0 ? 'Nothing is set aside.' : `${words} tried again now.`,
  );
}

async function retryStream(
  { application, output }: CommandContext,
  name: string,
  stream: StreamId,
): Promise<void> {
  const position = await (await application()).get(SubscriptionControl).retryStream(name, stream);
  output.print(
    { subscription: name, retried: 1, position },
    `The stream ${stream.type}/${stream.id} is tried again now, from position ${position} on.`,
  );
}

function streamOf([type, id, ...more]: readonly string[]): StreamId {
  if (type === undefined || id === undefined || more.length > 0)
    throw new InvalidArgumentError('Give a type and an id: --stream User 42.');
  return { type, id };
}

async function discardParked(
  { application }: CommandContext,
  name: string,
  position: string,
  { reason }: { reason: string },
): Promise<void> {
  await control(application, (c) => c.discard(name, wholeNumber(position), reason));
}
