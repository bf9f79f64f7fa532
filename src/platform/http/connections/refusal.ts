import { STATUS_CODES } from 'node:http';
import { newId } from '../../../event-sourcing';
import { type Problem, problemDocument } from '../problem';

/** The whole answer to what cannot be read as a request, as it goes over the wire: no response of Node belongs to it. */
export function refusal(detail: string, isWithoutBody = false): string {
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
