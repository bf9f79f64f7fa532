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

async function showStream({ application, output }: CommandContext, type: string, id: string): Promise<boolean> {
  const store = (await application()).get(EventStore);
  let count = 0;
  for await (const event of store.readStream({ type, id })) {
    print(output, event);
    count++;
  }
  if (count === 0) output.complain({ error: 'no such stream', type, id }, `There is no stream ${type}/${id}.`);
  return count > 0;
}

async function tailEvents({ application, output }: CommandContext, options: TailOptions): Promise<void> {
  const store = (await application()).get(EventStore);
  const isAll = options.after !== undefined;
  let left = options.limit ?? (isAll ? undefined : 20n);
  let after = options.after ?? (await startOfTail(store, left ?? 0n));
  for (;;) {
    const events = await store.readAll({ after, limit: 1_000 });
    after = events.at(-1)?.position ?? after;
    for (const event of events) {
      if (options.type !== undefined && event.type !== options.type) continue;
      if (left === 0n && !options.follow) return;
      print(output, event);
      if (left !== undefined && left > 0n) left--;
    }
    if (events.length === 0 && !options.follow) return;
    if (events.length === 0) await delay(200);
  }
}

async function startOfTail(store: EventStore, count: bigint): Promise<bigint> {
  const head = await store.head();
  return head > count ? head - count : 0n;
}

function print(output: Output, event: RecordedEvent): void {
  const { position, stream, version, type, timestamp, metadata, data } = event;
  output.print(
    event,
    `${position}  ${timestamp.toISOString()}  ${stream.type}/${stream.id} @${version}  ${type}  ${JSON.stringify(data)}  by ${metadata.actor}`,
  );
}
