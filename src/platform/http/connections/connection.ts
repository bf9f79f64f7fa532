import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { headEnd } from './head-end';
import type { Turns } from './turns';

/** How many requests of a connection are read ahead of their answers. */
const readAhead = 8;

/** How long a client may read its last answer, in milliseconds, before a connection is cut that still has unread bytes. */
const lingerMs = 1_000;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Undefined once it has begun. */
  begin?: () => void;
}

/**
 * Bounds what one connection can ask for at a time. Its requests begin one after the other, as RFC 9112 (section 9.3.2) wants
 * it of all that are not safe, and behind {@link readAhead} requests without an answer nothing more is read: what a client
 * sends on then stays in the network. Node would parse a whole piece of 64 kB, 2,400 requests perhaps, in one turn.
 */
export class Connection {
  private readonly unanswered: Exchange[] = [];
  private readonly parse: (piece: Buffer) => void;
  private isRefused = false;
  private isEnding = false;

  /** Takes the place between the socket and the parser that the server has just attached to it. */
  constructor(
    private readonly socket: Socket,
    private readonly turns: Turns,
  ) {
    const [parse] = socket.listeners('data');
    this.parse = parse as (piece: Buffer) => void;
    socket.off('data', this.parse);
    socket.on('data', this.read);
    socket.on('drain', () => this.turns.add(this.goOn));
    socket.once('close', () => this.unanswered.splice(0));
    socket.destroySoon = this.end;
  }

  /** A request has arrived: `begin` is called when those before it have their answers. */
  take(request: IncomingMessage, response: ServerResponse, begin: () => void): void {
    const exchange: Exchange = { request, response };
    response.once('close', () => this.leave(exchange));
    if (this.unanswered.push(exchange) === 1) begin();
    else exchange.begin = AsyncResource.bind(begin);
  }

  /**
   * What comes next on this connection cannot be read. Requests that came before it get their answers, and the last of them
   * says that the connection ends; only where there is none is this `refusal` sent.
   */
  refuse(refusal: string): void {
    if (this.isRefused || this.isEnding) return;
    this.isRefused = true;
    this.socket.pause();
    const last = this.unanswered.findLast(({ request }) => request.complete);
    if (last !== undefined) {
      this.unanswered.splice(this.unanswered.indexOf(last) + 1);
      if (!last.response.headersSent) last.response.setHeader('Connection', 'close');
      return;
    }
    const isBegun = this.unanswered.some(({ response }) => response.headersSent);
    if (this.socket.writable && !isBegun) this.socket.write(refusal);
    this.end();
  }

  private readonly read = (piece: Buffer): void => {
    let rest = piece;
    while (rest.length > 0 && this.mayRead) {
      const end = headEnd(rest);
      this.parse.call(this.socket, rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    if (rest.length === 0) return;
    this.socket.pause();
    if (!this.isEnding && !this.isRefused && !this.socket.destroyed) this.socket.unshift(rest);
  };

  private get mayRead(): boolean {
    if (this.isRefused || this.isEnding || this.socket.destroyed) return false;
    // Paused: a body has nobody yet that reads it. Not drained: answers have nobody that reads them.
    if (this.socket.isPaused() || this.socket.writableNeedDrain) return false;
    return this.unanswered.length < readAhead || this.unanswered.at(-1)?.request.complete === false;
  }

  /** An answer is complete. When its request is not, the rest of it would have to be read for nothing. */
  private leave(exchange: Exchange): void {
    const place = this.unanswered.indexOf(exchange);
    if (place < 0) return;
    this.unanswered.splice(place, 1);
    const isLast = this.isRefused && this.unanswered.length === 0;
    if (isLast || !exchange.request.complete) this.end();
    else if (this.unanswered.length > 0 || this.socket.isPaused()) this.turns.add(this.goOn);
  }

  private readonly goOn = (): void => {
    if (this.isEnding || this.socket.destroyed) return;
    const [next] = this.unanswered;
    const begin = next?.begin;
    if (next !== undefined) next.begin = undefined;
    begin?.();
    if (!this.isRefused && !this.socket.writableNeedDrain) this.socket.resume();
  };

  /**
   * Sends what is written, then that nothing follows, and reads no more. The client gets a moment to read it: to close a
   * socket with unread bytes resets it, and the answer may be lost with that (RFC 9112, section 9.6).
   */
  private readonly end = (): void => {
    if (this.isEnding) return;
    this.isEnding = true;
    this.socket.end(() => {
      const timer = setTimeout(() => this.socket.destroy(), lingerMs);
      this.socket.once('close', () => clearTimeout(timer));
    });
  };
}
