import { Act, Entry } from './journal';
import { authorizationFor } from './program';

/** What became of a request: 2xx with its place in the log, an answer of another kind, or none at all. */
export type Outcome =
  | { readonly kind: 'done'; readonly version: number; readonly position: bigint }
  | { readonly kind: 'refused'; readonly status: number; readonly text: string }
  | { readonly kind: 'none' };

const calls: Readonly<Record<Act, (entry: Entry) => readonly [string, string, object?]>> = {
  create: ({ userId, value }) => ['POST', '', { userId, name: value, email: emailOf(value) }],
  email: ({ userId, value }) => ['PUT', `/${userId}/email`, { email: emailOf(value) }],
  rename: ({ userId, value }) => ['PUT', `/${userId}/name`, { name: value }],
  deactivate: ({ userId }) => ['POST', `/${userId}/deactivate`],
  reactivate: ({ userId }) => ['POST', `/${userId}/reactivate`],
};

export function emailOf(value: string): string {
  return `${value}@example.com`;
}

/** Longer than the service may take for anything: a request that meets this one hangs. */
const answerWithinMs = 30_000;

/** Sends the command over HTTP (keep-alive); the attempt is its correlation id. Never rejects. */
export async function send(target: string, entry: Entry, attempt: string): Promise<Outcome> {
  const [method, path, body] = calls[entry.act](entry);
  const headers = {
    ...authorizationFor(target),
    'X-Correlation-Id': attempt,
    ...(body && { 'Content-Type': 'application/json' }),
  };
  try {
    const response = await fetch(`${target}/v1/users${path}`, {
      method,
      headers,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(answerWithinMs),
    });
    // Status and headers are the acknowledgement, even when the connection breaks before the body is whole.
    const text = await response.text().catch(() => '');
    return outcomeOf(response, text);
  } catch {
    return { kind: 'none' };
  }
}

function outcomeOf({ ok, status, headers }: Response, text: string): Outcome {
  if (!ok) return { kind: 'refused', status, text };
  return {
    kind: 'done',
    version: Number(headers.get('ETag')?.replaceAll('"', '')),
    position: BigInt(headers.get('Event-Position') ?? 0),
  };
}
