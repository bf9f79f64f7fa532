import { BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

/**
 * While the process stops, every answer ends its connection. A server that is closed waits for its connections, and a
 * client that keeps one busy would never let it go.
 */
@Injectable()
export class Draining implements BeforeApplicationShutdown {
  private isStopping = false;

  beforeApplicationShutdown(): void {
    this.isStopping = true;
  }

  readonly endConnections = (_request: Request, response: Response, next: NextFunction): void => {
    if (this.isStopping) response.setHeader('Connection', 'close');
    next();
  };
}
