import type { CommandBus, EventBus, ICommand } from '@nestjs/cqrs';

type Wrapper = NonNullable<Parameters<EventBus['register']>[0]>[number];

interface Handles {
  handle(event: unknown): unknown;
}

/** What handlers of the buses have begun and not ended. The buses themselves do not tell. */
export class WorkUnderWay {
  private readonly pending = new Set<Promise<void>>();
  private failures: unknown[] = [];

  /** Every handler that the bus is given from now on. */
  watchHandlers(bus: EventBus): void {
    const register = bus.register.bind(bus);
    bus.register = (handlers = []) => register(handlers.map((handler) => this.watched(handler)));
  }

  watchCommands(bus: CommandBus): void {
    const execute = bus.execute.bind(bus) as (command: ICommand, ...more: unknown[]) => Promise<unknown>;
    const watched = (command: ICommand, ...more: unknown[]): Promise<unknown> => {
      const executing = execute(command, ...more);
      // Its failure is told to the code that has sent it.
      this.wait(executing.catch(() => undefined));
      return executing;
    };
    Object.assign(bus, { execute: watched });
  }

  /** @throws the first failure of an `@EventsHandler`. */
  async ended(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
    const [failure] = this.failures;
    const { length } = this.failures;
    this.failures = [];
    if (length > 0) throw failure;
  }

  /** The same provider, with a `handle` that is waited for. One of a request has no instance yet. */
  private watched(wrapper: Wrapper): Wrapper {
    const instance = wrapper.instance as Handles | undefined;
    if (!instance || !wrapper.isDependencyTreeStatic()) return wrapper;
    const handle = async (event: unknown): Promise<void> => {
      await instance.handle(event);
    };
    const handleWatched = (event: unknown): Promise<void> => {
      const handling = handle(event);
      this.wait(handling.catch((error: unknown) => void this.failures.push(error)));
      return handling;
    };
    const double = Object.create(instance, { handle: { value: handleWatched } }) as object;
    return Object.create(wrapper, { instance: { value: double } }) as Wrapper;
  }

  private wait(work: Promise<unknown>): void {
    const waiting = work.then(() => void this.pending.delete(waiting));
    this.pending.add(waiting);
  }
}
