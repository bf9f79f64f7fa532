import { Injectable, Logger } from '@nestjs/common';
import type { Response } from 'express';
import { Gauge } from 'prom-client';
import { Environment } from '../../config/environment';
import { Metrics } from '../../observability/metrics';
import { Draining } from '../draining';
import { RequestError } from '../request-error';
import { EventStream, setHead, type StreamMessage } from './event-stream';

/** How long a stream lasts, in milliseconds. The client connects again, and shows its credentials again. */
const renewMs = 600_000;

/** As many clients listen as `EVENT_STREAMS_LIMIT` allows. */
export class TooManyStreamsError extends RequestError {
  readonly code = 'event-streams-full';
  readonly kind = 'unavailable';

  constructor(limit: number) {
    super(`As many as ${limit} clients listen already. Try again later.`);
  }
}

/** The open streams of Server-Sent Events of this process: bounded in number and time, and ended before it stops. */
@Injectable()
export class EventStreams {
  private readonly logger = new Logger('EventStreams');
  private readonly open = new Set<EventStream>();
  private readonly limit: number;

  constructor(
    private readonly draining: Draining,
    { registry }: Metrics,
    environment: Environment,
  ) {
    this.limit = environment.EVENT_STREAMS_LIMIT;
    draining.ending.addEventListener('abort', () => this.endAll());
    const { open } = this;
    new Gauge({
      name: 'annals_http_event_streams',
      help: 'Clients that listen to a stream of Server-Sent Events now.',
      registers: [registry],
      collect() {
        this.set(open.size);
      },
    });
  }

  /**
   * Sends the messages until the client leaves or the stream is ended; `signal` fires then.
   * @throws TooManyStreamsError
   */
  async serve(
    response: Response,
    messagesUntil: (signal: AbortSignal) => AsyncIterable<StreamMessage>,
  ): Promise<void> {
    if (response.req.method === 'HEAD') {
      setHead(response).end();
      return;
    }
    if (this.open.size >= this.limit) throw new TooManyStreamsError(this.limit);
    const stream = new EventStream(response);
    this.open.add(stream);
    if (this.draining.ending.aborted) stream.end('stopping');
    const renewal = setTimeout(() => stream.end('renew'), renewMs);
    try {
      for await (const message of messagesUntil(stream.signal)) await stream.send(message);
    } catch (error) {
      if (!stream.signal.aborted) this.logger.warn('A stream of events failed.', (error as Error).stack);
    } finally {
      clearTimeout(renewal);
      this.open.delete(stream);
      stream.end('failed');
    }
  }

  private endAll(): void {
    for (const stream of this.open) stream.end('stopping');
  }
}
