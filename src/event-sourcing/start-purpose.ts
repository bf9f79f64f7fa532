import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * What an application is started for. `service`: everything runs. `commands`: an operator's commands look at the log, and the
 * subscriptions are left to the service. `migration`: the log may not be there yet, so nothing of it is checked or read.
 */
export type StartPurpose = 'service' | 'commands' | 'migration';

const purposes = new AsyncLocalStorage<StartPurpose>();

/** Starts an application of Nest for a purpose, whatever its own options say of subscriptions: `startFor('commands', () => NestFactory.…)`. */
export function startFor<T>(purpose: StartPurpose, start: () => Promise<T>): Promise<T> {
  return purposes.run(purpose, start);
}

export function startPurpose(): StartPurpose {
  return purposes.getStore() ?? 'service';
}
