import { waitUntil } from '../support/wait-until';
import type { Client } from './client';

export interface StreamedMessage {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** Reads Server-Sent Events as a browser does (HTML Living Standard, section 9.2.6). */
export class EventStreamReader {
  readonly messages: StreamedMessage[] = [];
  /** What a browser would send as `Last-Event-ID`. */
  lastEventId = '';
  isOver = false;
  private readonly leaving = new AbortController();

  private constructor(readonly response: Response) {}

  static async open(
    client: Client,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<EventStreamReader> {
    const authorization: Record<string, string> =
      client.credentials === null ? {} : { Authorization: `Bearer ${client.credentials}` };
    const leaving = new AbortController();
    const response = await fetch(`${client.url}${path}`, {
      headers: { ...authorization, ...headers },
      signal: leaving.signal,
    });
    const reader = new EventStreamReader(response);
    reader.leaving.signal.addEventListener('abort', () => leaving.abort());
    if (response.status === 200) void reader.read().catch(() => (reader.isOver = true));
    return reader;
  }

  leave(): void {
    this.leaving.abort();
  }

  /** The first messages, once there are so many. */
  async first(count: number): Promise<readonly StreamedMessage[]> {
    await waitUntil(() => Promise.resolve(this.messages.length >= count));
    return this.messages.slice(0, count);
  }

  private async read(): Promise<void> {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const bytes of this.response.body ?? []) {
      rest += decoder.decode(bytes as Uint8Array, { stream: true });
      const blocks = rest.split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) this.take(block);
    }
    this.isOver = true;
  }

  private take(block: string): void {
    let event = 'message';
    let data = '';
    for (const line of block.split('\n')) {
      if (line.startsWith('id: ')) this.lastEventId = line.slice(4);
      if (line.startsWith('event: ')) event = line.slice(7);
      if (line.startsWith('data: ')) data += line.slice(6);
    }
    if (data !== '') this.messages.push({ id: this.lastEventId, event, data: JSON.parse(data) as unknown });
  }
}
