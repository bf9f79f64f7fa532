/** The tables of the kernel, and what a process that runs subscriptions does with them. */
export const kernelTables: Readonly<Record<string, readonly string[]>> = {
  events: ['SELECT'],
  event_log: ['SELECT'],
  claims: [],
  receipts: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  subscriptions: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  subscription_members: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  parked_events: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  discarded_events: ['SELECT', 'INSERT'],
  rebuilds: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  read_model_tables: ['SELECT', 'INSERT'],
};

/** The functions that append. */
export const kernelFunctions: readonly string[] = ['append_events', 'try_append_batch', 'try_append_event'];
