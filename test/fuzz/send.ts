import { Agent, type IncomingMessage, request as open } from 'node:http';
import { once } from 'node:events';
import type { Transform } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Exchange } from '../openapi/answer-check';
import type { FuzzRequest } from './requests';

/** Sends requests as they stand: `fetch` would mend paths and refuse bodies of GET. */
export class Sender {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 16 });

  constructor(
    private readonly url: string,
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  async send({ method, target, headers, body }: FuzzRequest): Promise<Exchange> {
    const length = body === undefined ? {} : { 'Content-Length': String(body.bytes.length) };
    const request = open(this.url, {
      method,
      path: target,
      headers: { ...this.headers, ...headers, ...body?.headers, ...length },
      agent: this.agent,
    });
    request.end(body?.bytes);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return {
      method,
      target,
      status: response.statusCode ?? 0,
      headers: new Map(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
      body: await bodyOf(response),
    };
  }

  close(): void {
    this.agent.destroy();
  }
}

const decoders: Readonly<Record<string, () => Transform>> = {
  br: createBrotliDecompress,
  gzip: createGunzip,
  deflate: createInflate,
};

/** A stream of events has no end: its head is the answer. */
async function bodyOf(response: IncomingMessage): Promise<string> {
  if (response.headers['content-type']?.startsWith('text/event-stream')) {
    response.destroy();
    return '';
  }
  const decoder = decoders[response.headers['content-encoding'] ?? ''];
  return text(decoder === undefined ? response : response.pipe(decoder()));
}
