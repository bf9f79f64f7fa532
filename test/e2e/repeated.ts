import type { Answer } from './client';

export function withKey(key: string): Record<string, string> {
  return { 'Idempotency-Key': key };
}

export function isReplayed({ headers }: Answer<unknown>): boolean {
  return headers.get('Idempotency-Replayed') === 'true';
}

/** Sends a request as a client does that has a key: again, as long as it is told that the first is in progress. */
export async function repeated<T>(send: () => Promise<Answer<T>>): Promise<Answer<T>> {
  for (let tries = 0; tries < 500; tries++) {
    const answer = await send();
    if (answer.problem?.code !== 'idempotency-key-in-progress') return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('The first request was in progress for too long.');
}
