import { setTimeout as delay } from 'node:timers/promises';

/** Asks again and again until the answer is `true`, and tells how long that took, in milliseconds. */
export async function until(
  what: string,
  ask: () => boolean | Promise<boolean>,
  withinMs = 60_000,
): Promise<number> {
  const start = Date.now();
  while (Date.now() - start < withinMs) {
    if (await ask()) return Date.now() - start;
    await delay(20);
  }
  throw new Error(`It did not come about within ${withinMs} ms: ${what}.`);
}
