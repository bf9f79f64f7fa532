import { once } from 'node:events';
import type { Response } from 'express';
import { prolongRequest } from '../time-limit';

/** A place of a stream, and what it says to this client. */
export interface StreamMessage {
  /** The client sends it back as `Last-Event-ID` when it connects again. */
  readonly id: string;
  /** Undefined where the place says nothing to this client. */
  readonly data: object | undefined;
}

/** Why the server ends a stream; the last message says it to the client. */
export type StreamEnd = 'stopping' | 'too-slow' | 'renew' | 'failed';

/** How often a comment is sent, in milliseconds, so that nothing on the way takes the connection for dead. */
const heartbeatMs = 15_000;

/** How long a client may take nothing of what was written, in milliseconds. */
const slowMs = 10_000;

/** How long a client may read the last message, in milliseconds, before its connection is cut. */
const lingerMs = 1_000;

/**
 * One answer of Server-Sent Events (`text/event-stream`, HTML Living Standard, section 9.2). Nothing is queued for a client
 * beyond what its socket takes: `send` waits for it, and ends a stream whose client takes nothing for ten seconds.
 */
export class EventStream {
  private readonly ended = new AbortController();
  private readonly heartbeat: NodeJS.Timeout;
  private passed: string | undefined;

  constructor(private readonly response: Response) {
    prolongRequest(response.req, heartbeatMs + slowMs);
    response.once('close', () => this.ended.abort());
    setHead(response).flushHeaders();
    response.write(': connected\n\n');
    this.heartbeat = setInterval(() => this.beat(), heartbeatMs);
    this.heartbeat.unref();
    this.signal.addEventListener('abort', () => clearInterval(this.heartbeat));
  }

  /** Fires when the client has left or the stream was ended. */
  get signal(): AbortSignal {
    return this.ended.signal;
  }

  /** Resolves when the socket has room again. The next heartbeat tells the id of a place that says nothing. */
  async send({ id, data }: StreamMessage): Promise<void> {
    this.passed = data === undefined ? id : undefined;
    if (data !== undefined) await this.write(`id: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Says why, ends the answer, and soon the connection. */
  end(reason: StreamEnd): void {
    if (this.signal.aborted) return;
    const { socket } = this.response;
    this.response.end(`${this.position()}event: end\ndata: ${JSON.stringify({ reason })}\n\n`);
    this.ended.abort();
    setTimeout(() => socket?.destroy(), lingerMs).unref();
  }

  private beat(): void {
    if (this.response.writableNeedDrain) return;
    this.response.write(`${this.position()}: alive\n\n`);
  }

  /** An id without data moves `Last-Event-ID` of the client, and is no message. */
  private position(): string {
    const id = this.passed;
    this.passed = undefined;
    return id === undefined ? '' : `id: ${id}\n\n`;
  }

  private async write(text: string): Promise<void> {
    if (this.signal.aborted || this.response.write(text)) return;
    const waiting = AbortSignal.any([this.signal, AbortSignal.timeout(slowMs)]);
    const isDrained = await once(this.response, 'drain', { signal: waiting }).then(
      () => true,
      () => false,
    );
    if (!isDrained) this.end('too-slow');
  }
}

/** The head of such an answer: all that HEAD gets of it. */
export function setHead(response: Response): Response {
  return response.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    // Proxies that collect an answer before they pass it on are asked not to.
    'X-Accel-Buffering': 'no',
    Connection: 'close',
  });
}
