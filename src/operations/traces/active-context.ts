import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context, ContextAPI } from '@opentelemetry/api';

/**
 * Makes the context of OpenTelemetry a store that a channel of `node:diagnostics_channel` can be bound to: work that the
 * channel tells of then runs in that context.
 */
export class ActiveContext extends AsyncLocalStorage<Context> {
  constructor(private readonly contexts: ContextAPI) {
    super();
  }

  override run<R, Args extends unknown[]>(store: Context, work: (...args: Args) => R, ...args: Args): R {
    return this.contexts.with(store, () => work(...args));
  }
}
