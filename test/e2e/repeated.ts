import type { Answer } from './client';

export function withKey(key: string): Record<string, string> {
  return { 'Idempotency-Key': key };
}

const comeAgain = new Set(['idempotency-key-in-progress', 'unavailable']);

export function isReplayed({ headers }: Answer<unknown>): boolean {
  return headers.get('Idempotency-Replayed') === 'true';
}

/** Sends a request as a client does that has a key: again, as long as it is told to come again. */
export async function repeated<T>(send: () => Promise<Answer<T>>): Promise<Answer<T>> {
  for (let tries = 0; tries < 300; tries++) {
    const answer = await send();
    if (!comeAgain.has(answer.problem?.code ?? '')) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('The request was put off for too long.');
}
