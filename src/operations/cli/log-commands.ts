import { setTimeout as delay } from 'node:timers/promises';
import { EventRegistry, EventStore, RecordedEvent } from '../../event-sourcing';
import { AddCommands, CommandContext, Output, wholeNumber } from '../../platform/cli';
import { showState } from './show-state';

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
    .option('--at <version>', 'print the state of the aggregate behind this event instead', wholeNumber)
    .action(run(showStream));
  program
    .command('events')
    .description('look at the log')
    .command('tail')
    .description('print the newest events of the log, oldest first')
    .option('--after <position>', 'print the events after this position instead', wholeNumber)
    .option(
      '--limit <count>',
      'print so many events (default: the newest 20, or all with --after)',
      wholeNumber,
    )
    .option('--type <type>', 'print events of this type only, whichever of its names they have')
    .option('--follow', 'go on as events are appended, until Ctrl-C')
    .action(run(tailEvents));
};

async function showStream(
  context: CommandContext,
  type: string,
  id: string,
  { at }: { readonly at?: bigint },
): Promise<boolean> {
  if (at !== undefined) return showState(context, { type, id }, Number(at));
  const { application, output } = context;
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
  const app = await application();
  const store = app.get(EventStore);
  const names = options.type && app.get(EventRegistry).namesOf(options.type);
  const isWanted = ({ type }: RecordedEvent): boolean => !names || names.includes(type);
  if (options.after !== undefined) return printAfter(store, options.after, { ...options, isWanted }, output);
  const head = await store.head();
  for (const event of await newest(store, head, options.limit ?? 20n, isWanted)) print(output, event);
  if (options.follow) await printAfter(store, head, { follow: true, isWanted }, output);
}

async function printAfter(
  store: EventStore,
  after: bigint,
  { follow, limit, isWanted }: TailOptions & { isWanted: (event: RecordedEvent) => boolean },
  output: Output,
): Promise<void> {
  let printed = 0n;
  for await (const event of readLog(store, after, follow === true)) {
    if (!isWanted(event)) continue;
    if (printed === limit) return;
    print(output, event);
    printed++;
  }
}

/** The last `count` events that are wanted, oldest first: read backwards, page by page. */
async function newest(
  store: EventStore,
  head: bigint,
  count: bigint,
  isWanted: (event: RecordedEvent) => boolean,
): Promise<readonly RecordedEvent[]> {
  const found: RecordedEvent[] = [];
  for (let end = head; end > 0n && found.length < count;) {
    const after = end > 1_000n ? end - 1_000n : 0n;
    const newer: RecordedEvent[] = [];
    for await (const event of readUpTo(store, after, end)) {
      if (!isWanted(event)) continue;
      newer.push(event);
      if (found.length + newer.length > count) newer.shift();
    }
    found.unshift(...newer);
    end = after;
  }
  return found;
}

/** The events after a position, up to another. */
async function* readUpTo(store: EventStore, start: bigint, end: bigint): AsyncGenerator<RecordedEvent> {
  for (let after = start; after < end;) {
    const events = await store.readAll({ after, limit: Number(end - after) });
    if (events.length === 0) return;
    yield* events;
    after += BigInt(events.length);
  }
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
