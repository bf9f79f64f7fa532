import type { Response } from 'express';

/** Where a command left its stream: the version of the stream, and the position in the log to wait for. */
export interface Acknowledged {
  readonly version: number;
  readonly position: bigint;
}

/** Tells the caller of a command where its stream stands, in headers and for the body. */
export function acknowledge(response: Response, { version, position }: Acknowledged) {
  response.setHeader('ETag', `"${version}"`);
  response.setHeader('Event-Position', String(position));
  return { version, position: String(position) };
}
