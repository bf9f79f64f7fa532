import { BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

/** The requests of this process that have no answer yet, and how far it is on its way out. */
@Injectable()
export class Draining implements BeforeApplicationShutdown {
  private readonly underWay = new Set<Response>();
  private isLeaving = false;
  private readonly endings = new AbortController();

  /** True once the process is to stop: it is not ready any more, but serves whoever asks. */
  get isStopping(): boolean {
    return this.isLeaving;
  }

  /** Fires when every answer ends its connection: what waits by design gives up waiting. */
  get ending(): AbortSignal {
    return this.endings.signal;
  }

  get requestsUnderWay(): number {
    return this.underWay.size;
  }

  /** Readiness says 503 from now on, so that load balancers send their requests elsewhere. */
  announce(): void {
    this.isLeaving = true;
  }

  /**
   * Every answer ends its connection from now on, those under way included. A server that is closed waits for its
   * connections, and a client that keeps one busy would never let it go.
   */
  endConnections(): void {
    this.isLeaving = true;
    for (const response of this.underWay) endConnection(response);
    this.endings.abort();
  }

  beforeApplicationShutdown(): void {
    this.endConnections();
  }

  readonly follow = (_request: Request, response: Response, next: NextFunction): void => {
    this.underWay.add(response);
    response.once('close', () => this.underWay.delete(response));
    if (this.ending.aborted) endConnection(response);
    next();
  };
}

function endConnection(response: Response): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
