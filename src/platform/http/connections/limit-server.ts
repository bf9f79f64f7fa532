import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RequestHandler } from 'express';
import { Environment } from '../../config/environment';
import { Connection } from './connection';
import { refusal } from './refusal';
import { silenceBeyondMs } from '../time-limit';
import { Turns } from './turns';

/** How often the server looks for requests that do not arrive, in milliseconds. */
const lookEveryMs = 500;

type Limits = Pick<Environment, 'HEADER_LIMIT_BYTES' | 'KEEP_ALIVE_TIMEOUT_MS' | 'REQUEST_TIMEOUT_MS'>;

/**
 * Bounds what the server reads, and keeps for clients that do not read, before any route is known, and answers what it cannot
 * read. Call it before the server listens. Gives the first middleware, which lets the requests of a connection begin in turn.
 */
export function limitServer(server: Server, limits: Limits): RequestHandler {
  setLimits(server, limits);
  const connections = new WeakMap<Socket, Connection>();
  const turns = new Turns();
  server.on('connection', (socket) => connections.set(socket, new Connection(socket, turns)));
  server.on('clientError', (error: UnreadableError, socket: Socket) => {
    // Nobody has asked: to a client that only connected, a refusal would be the answer to its first request.
    if (socket.bytesRead === 0) socket.destroy();
    else connections.get(socket)?.refuse(refusal(detailOf(error), isHead(error)));
  });
  server.on('connect', (_request, socket: Socket) => {
    // The server has let go of the socket, and took what it listened to along.
    socket.on('error', () => socket.destroy()).on('timeout', () => socket.destroy());
    connections.get(socket)?.refuse(refusal('CONNECT is for proxies, and this is none.'));
  });
  // The guards decide first: whoever may send a body is told to go on when it is read.
  const serve = (request: IncomingMessage, response: ServerResponse) =>
    server.emit('request', request, response);
  server.on('checkContinue', serve).on('checkExpectation', serve);
  return (request, response, next) => {
    const connection = connections.get(request.socket);
    if (connection === undefined) next();
    else connection.take(request, response, next);
  };
}

/** Node takes some of these in the constructor only, but reads them from the server when a connection or a request comes. */
function setLimits(server: Server, limits: Limits): void {
  const { HEADER_LIMIT_BYTES, KEEP_ALIVE_TIMEOUT_MS, REQUEST_TIMEOUT_MS } = limits;
  Object.assign(server, {
    maxHeaderSize: HEADER_LIMIT_BYTES,
    // Their bytes are bounded. Beyond its own limit Node would drop them without a word, an `If-Match` perhaps.
    maxHeadersCount: 0,
    connectionsCheckingInterval: lookEveryMs,
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    // Without a byte in either direction: an answer that nobody reads goes with its connection.
    timeout: REQUEST_TIMEOUT_MS + silenceBeyondMs,
    // `checkProtocol` does, and answers like the rest of the service.
    requireHostHeader: false,
  });
}

interface UnreadableError extends NodeJS.ErrnoException {
  /** What could not be read. */
  readonly rawPacket?: Buffer;
}

const details: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'The request line and the headers are too large.',
  ERR_HTTP_REQUEST_TIMEOUT: 'The request did not arrive in time.',
};

function detailOf({ code }: UnreadableError): string {
  return details[code ?? ''] ?? 'This is no HTTP/1.1 request.';
}

/** An answer to HEAD has no body, whatever it says. */
function isHead({ rawPacket }: UnreadableError): boolean {
  return rawPacket?.subarray(0, 5).toString('latin1') === 'HEAD ';
}
