import { OutgoingMessage, STATUS_CODES, type Server } from 'node:http';
import { Socket } from 'node:net';
import { newId } from '../../event-sourcing';
import { Environment } from '../config/environment';
import { Problem, problemDocument } from './problem';

/** How often the server looks for requests that do not arrive, in milliseconds. */
const lookEveryMs = 500;

type Limits = Pick<Environment, 'HEADER_LIMIT_BYTES' | 'REQUEST_TIMEOUT_MS'>;

/**
 * Bounds what the server reads before any route is known, and answers what it cannot read. Call it before the server
 * listens. Node takes two of these in the constructor only, but reads them from the server when a connection comes.
 */
export function limitServer(server: Server, { HEADER_LIMIT_BYTES, REQUEST_TIMEOUT_MS }: Limits): void {
  Object.assign(server, { maxHeaderSize: HEADER_LIMIT_BYTES, connectionsCheckingInterval: lookEveryMs });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.on('clientError', (error: UnreadableError, socket: Socket) => {
    const detail = details[error.code ?? ''] ?? 'This is no HTTP/1.1 request.';
    if (canAnswer(error, socket)) socket.write(answer(detail, isHead(error)));
    socket.destroySoon();
  });
}

interface UnreadableError extends NodeJS.ErrnoException {
  /** What could not be read. */
  readonly rawPacket?: Buffer;
}

/** An answer to HEAD has no body, whatever it says. */
function isHead({ rawPacket }: UnreadableError): boolean {
  return rawPacket?.subarray(0, 5).toString('latin1') === 'HEAD ';
}

const details: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'The request line and the headers are too large.',
  ERR_HTTP_REQUEST_TIMEOUT: 'The request did not arrive in time.',
};

/**
 * Not where an answer has begun already: that one would be spoilt. A request that is late with its body may have its
 * answer already, and where anything was written on the connection, that cannot be told.
 */
function canAnswer({ code }: UnreadableError, socket: Socket): boolean {
  const { _httpMessage: message } = socket as { _httpMessage?: OutgoingMessage };
  const mayBeAnswered = code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesWritten > 0;
  return socket.writable && !message?.headersSent && !mayBeAnswered;
}

function answer(detail: string, isWithoutBody: boolean): string {
  const problem: Problem = {
    code: 'validation-failed',
    status: 400,
    detail: 'The request is not valid.',
    errors: [{ pointer: '#', detail }],
  };
  const correlationId = newId();
  const body = JSON.stringify(problemDocument(problem, correlationId));
  return [
    `HTTP/1.1 400 ${STATUS_CODES[400]}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Correlation-Id: ${correlationId}`,
    'Connection: close',
    '',
    isWithoutBody ? '' : body,
  ].join('\r\n');
}
