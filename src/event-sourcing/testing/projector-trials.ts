import { RecordedEvent } from '../event-store/event-envelope';

/** How a trial gives events to a projector. */
export interface Feed {
  /** One batch: its rows are written at its end. */
  handle(events: readonly RecordedEvent[]): Promise<void>;
  /** A batch whose transaction fails at its end. */
  handleInVain(events: readonly RecordedEvent[]): Promise<void>;
  /** From now on another instance of the projector handles events, as in another process. */
  restart(): void;
}

/** One of the ways in which a log may give the same events to a projector. All of them must give the same rows. */
export interface Trial {
  /** Completes a sentence: "The rows are others …". */
  readonly name: string;
  readonly timeZone?: string;
  run(feed: Feed): Promise<void>;
}

/** Between these two every moment has another local date. */
export const defaultTimeZones: readonly string[] = ['Pacific/Kiritimati', 'Pacific/Pago_Pago'];

/** The events as one batch, each in its order. */
export function oneBatch(events: readonly RecordedEvent[]): Trial {
  return { name: 'in one batch', run: (feed) => feed.handle(events) };
}

export function trialsOf(events: readonly RecordedEvent[], timeZones: readonly string[]): Trial[] {
  const again: Trial = {
    name: 'when the events come twice, the first time in a transaction that is rolled back',
    async run(feed) {
      await feed.handleInVain(events);
      await feed.handle(events);
    },
  };
  const cuts = events.slice(1).flatMap((_, index) => cutsBehind(events, index + 1));
  const zones = timeZones.map((timeZone) => ({
    ...oneBatch(events),
    name: `in a process whose time zone is ${timeZone}`,
    timeZone,
  }));
  return [again, ...cuts, ...zones];
}

function cutsBehind(events: readonly RecordedEvent[], count: number): Trial[] {
  const [first, second] = [events.slice(0, count), events.slice(count)];
  const last = events[count - 1];
  const place = `behind event ${last?.position} (${last?.type})`;
  return [
    {
      name: `when the batch is cut ${place}`,
      async run(feed) {
        await feed.handle(first);
        await feed.handle(second);
      },
    },
    {
      name: `when another process goes on ${place}`,
      async run(feed) {
        await feed.handle(first);
        feed.restart();
        await feed.handle(second);
      },
    },
  ];
}
