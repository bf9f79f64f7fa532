import { randomUUID } from 'node:crypto';
import type { Answer, Client } from './client';

/** What every command answers. */
export interface Acknowledgement {
  readonly userId: string;
  readonly version: number;
  readonly position: string;
}

export interface UserBody {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly isActive: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly version: number;
}

export interface UserPage {
  readonly items: readonly UserBody[];
  readonly nextCursor: string | null;
}

export interface HistoryItem {
  readonly version: number;
  readonly position: string;
  readonly type: string;
  readonly timestamp: string;
  readonly actor: string;
  readonly correlationId: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface HistoryPage {
  readonly items: readonly HistoryItem[];
  readonly nextAfter: number | null;
}

/** The four commands on a user who exists, each with a body that it accepts. */
export const commands = [
  { name: 'rename', method: 'PUT', path: 'name', body: () => ({ name: `Renamed ${randomUUID()}` }) },
  { name: 'change e-mail', method: 'PUT', path: 'email', body: () => ({ email: newEmail() }) },
  { name: 'deactivate', method: 'POST', path: 'deactivate', body: () => undefined },
  { name: 'reactivate', method: 'POST', path: 'reactivate', body: () => undefined },
] as const;

export type UserCommand = (typeof commands)[number];

/** Sends one of the four commands. */
export function command(
  client: Client,
  { method, path, body }: UserCommand,
  userId: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer<Acknowledgement>> {
  const url = `/v1/users/${userId}/${path}`;
  return method === 'PUT' ? client.put(url, body(), headers) : client.post(url, body(), headers);
}

/** An address that no user has. */
export function newEmail(): string {
  return `${randomUUID()}@example.com`;
}

export interface NewUser {
  readonly name?: string;
  readonly email?: string;
  readonly userId?: string;
}

/** Creates a user, with an address that nobody has unless told otherwise. */
export async function createUser(
  client: Client,
  given: NewUser = {},
): Promise<Acknowledgement & { email: string }> {
  const email = given.email ?? newEmail();
  const created = await client.post<Acknowledgement>('/v1/users', { name: 'Ada', ...given, email });
  expect(created.status).toBe(201);
  return { ...created.body, email };
}

/** The user as the read model has it once it has reached `position`. */
export async function getUser(client: Client, { userId, position }: Acknowledgement): Promise<UserBody> {
  const got = await client.get<UserBody>(`/v1/users/${userId}`, { 'Min-Event-Position': position });
  expect(got.status).toBe(200);
  return got.body;
}

export async function historyOf(client: Client, userId: string): Promise<readonly HistoryItem[]> {
  const got = await client.get<HistoryPage>(`/v1/users/${userId}/history?limit=200`);
  expect(got.status).toBe(200);
  expect(got.body.nextAfter).toBeNull();
  return got.body.items;
}
