import { setTimeout as delay } from 'node:timers/promises';
import { EventStore, RecordedEvent } from '../../event-sourcing';
import { AddCommands, CommandContext } from './command-line';
import { Output } from './output';
import { wholeNumber } from './options';

interface TailOptions {
  readonly after?: bigint;
  readonly limit?: bigint;
  readonly type?: string;
  readonly follow?: boolean;
}

/** `streams show` and `events tail`: the log, raw. */
export const addLogCommands: AddCommands = (program, run) => {
  program
    .command('streams')
    .description('look at streams')
    .command('show <type> <id>')
    .description('print the events of a stream, oldest first')
    .action(run(showStream));
  program
    .command('events')
    .description('look at the log')
    .command('tail')
    .description('print the newest events of the log, oldest first')
    .option('--after <position>', 'print the events after this position instead', wholeNumber)
    .option('--limit <count>', 'print at most so many events (default 20, or all with --after)', wholeNumber)
    .option('--type <type>', 'print events of this type only')
    .option('--follow', 'go on as events are appended, until Ctrl-C')
    .action(run(tailEvents));
};

async function showStream(
  { application, output }: CommandContext,
  type: string,
  id: string,
): Promise<boolean> {
  const store = (await application()).get(EventStore);
  let count = 0;
  for await (const event of store.readStream({ type, id })) {
    print(output, event);
    count++;
  }
  if (count === 0)
    output.complain({ error: 'no such stream', type, id }, `There is no stream ${type}/${id}.`);
  return count > 0;
}

async function tailEvents({ application, output }: CommandContext, options: TailOptions): Promise<void> {
  const store = (await application()).get(EventStore);
  const { after, limit } = await rangeOf(options, store);
  let printed = 0n;
  for await (const event of readLog(store, after, options.follow === true)) {
    if (options.type !== undefined && event.type !== options.type) continue;
    if (printed === limit) return;
    print(output, event);
    printed++;
  }
}

async function rangeOf({ after, limit, follow }: TailOptions, store: EventStore) {
  if (after !== undefined) return { after, limit };
  const newest = limit ?? 20n;
  const head = await store.head();
  return { after: head > newest ? head - newest : 0n, limit: follow ? undefined : newest };
}

/** The events after a position; with `follow`, without end. */
async function* readLog(store: EventStore, start: bigint, follow: boolean): AsyncGenerator<RecordedEvent> {
  for (let after = start; ;) {
    const events = await store.readAll({ after, limit: 1_000 });
    yield* events;
    after = events.at(-1)?.position ?? after;
    if (events.length === 0 && !follow) return;
    if (events.length === 0) await delay(200);
  }
}

function print(output: Output, event: RecordedEvent): void {
  const { position, stream, version, type, timestamp, metadata, data } = event;
  output.print(
    event,
    `${position}  ${timestamp.toISOString()}  ${stream.type}/${stream.id} @${version}  ${type}  ${JSON.stringify(data)}  by ${metadata.actor}`,
  );
}
