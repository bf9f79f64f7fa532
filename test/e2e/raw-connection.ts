import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { waitUntil } from '../support/wait-until';

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** By lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A connection that sends bytes as they stand, for what no client of HTTP would send. */
export class RawConnection {
  private received = '';
  private count = 0;
  private readonly parsed: RawAnswer[] = [];
  private hasEnded = false;

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => {
      this.received += piece;
      this.count += piece.length;
    });
    socket.on('error', () => undefined);
    socket.once('close', () => (this.hasEnded = true));
  }

  static async open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const connection = new RawConnection(connect(Number(port), hostname));
    await once(connection.socket, 'connect');
    return connection;
  }

  send(...pieces: readonly (string | Uint8Array)[]): this {
    this.socket.write(Buffer.concat(pieces.map((piece) => Buffer.from(piece as string))));
    return this;
  }

  /** The answers so far, each in whole. None of them may be in chunks. */
  answers(): readonly RawAnswer[] {
    for (;;) {
      const [found, length] = firstAnswer(this.received);
      if (found === undefined) return this.parsed;
      this.parsed.push(found);
      this.received = this.received.slice(length);
    }
  }

  /** How many bytes have come. */
  get bytes(): number {
    return this.count;
  }

  get isClosed(): boolean {
    return this.hasEnded;
  }

  async answer(): Promise<RawAnswer> {
    await waitUntil(() => Promise.resolve(this.answers().length > 0));
    return this.answers()[0] as RawAnswer;
  }

  /** All answers, when the server has ended the connection. */
  async untilClosed(): Promise<readonly RawAnswer[]> {
    await waitUntil(() => Promise.resolve(this.hasEnded));
    return this.answers();
  }

  end(): void {
    this.socket.destroy();
  }
}

function firstAnswer(text: string): readonly [RawAnswer | undefined, number] {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return [undefined, 0];
  const [line = '', ...fields] = text.slice(0, headEnd).split('\r\n');
  const headers = new Map(
    fields.map((field) => [
      field.slice(0, field.indexOf(':')).toLowerCase(),
      field.slice(field.indexOf(':') + 2),
    ]),
  );
  const status = Number(line.split(' ')[1]);
  const end = headEnd + 4 + (status === 100 ? 0 : Number(headers.get('content-length') ?? 0));
  if (text.length < end) return [undefined, 0];
  return [{ status, headers, body: text.slice(headEnd + 4, end) }, end];
}
