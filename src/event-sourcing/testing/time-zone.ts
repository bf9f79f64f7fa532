import { runInThisContext } from 'node:vm';

/** That of the process itself: a test runner may give its tests a copy, in which the zone has no effect. */
const environment = runInThisContext('process.env') as NodeJS.ProcessEnv;

/** Runs `work` while the process stands in another time zone. @throws Error where a process cannot change its zone. */
export async function inTimeZone<R>(zone: string, work: () => Promise<R>): Promise<R> {
  const before = environment.TZ;
  try {
    environment.TZ = zone;
    if (currentZone() !== zone) {
      throw new Error(
        `The time zone cannot be changed to ${zone} here. A worker thread cannot: let the tests run in processes ` +
          "(Vitest: pool: 'forks'), or give the spec timeZones: [].",
      );
    }
    return await work();
  } finally {
    if (before === undefined) delete environment.TZ;
    else environment.TZ = before;
  }
}

function currentZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
