import { channel, tracingChannel, type Channel, type TracingChannel } from 'node:diagnostics_channel';

/**
 * A place where the kernel tells what it did, for whoever measures. It is a channel of `node:diagnostics_channel`, so that
 * any tool can subscribe by its name; without a subscriber it costs a comparison.
 */
export class DiagnosticChannel<Message extends object> {
  private readonly channel: Channel;

  constructor(readonly name: string) {
    this.channel = channel(name);
  }

  /** Whether a message is worth making. */
  get isObserved(): boolean {
    return this.channel.hasSubscribers;
  }

  publish(message: Message): void {
    if (this.channel.hasSubscribers) this.channel.publish(message);
  }

  /**
   * Calls `observe` within the work that it hears of, so it must be quick, and must not throw: Node takes that for an
   * uncaught exception. The function that it returns ends the subscription.
   */
  subscribe(observe: (message: Message) => void): () => void {
    const onMessage = (message: unknown): void => observe(message as Message);
    this.channel.subscribe(onMessage);
    return () => void this.channel.unsubscribe(onMessage);
  }
}

/** Work that takes time: a tracing channel of `node:diagnostics_channel`, `tracing:<name>:start` and its companions. */
export class DiagnosticWork<Message extends object> {
  readonly channel: TracingChannel<unknown, Message>;

  constructor(readonly name: string) {
    this.channel = tracingChannel<unknown, Message>(name);
  }

  /** Runs the work; whoever bound a store to the channel decides in which context. Without a subscriber it only runs it. */
  run<W extends Promise<unknown> | undefined>(message: Message, work: () => W): W {
    if (!this.channel.hasSubscribers) return work();
    return this.channel.tracePromise(async () => await work(), message) as W;
  }
}
