import { Injectable, OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Application } from 'express';
import { UNKNOWN_PATH } from './unknown-path.controller';

/** Routes behind the one that takes every path would never be reached: the process must not start with one. */
@Injectable()
export class CheckUnknownPath implements OnApplicationBootstrap {
  constructor(private readonly host: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    const adapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    const application = adapter?.getInstance<Partial<Application>>();
    const paths = (application?.router?.stack ?? []).flatMap(({ route }) => route?.path ?? []);
    const unreached = paths.slice(paths.indexOf(`/${UNKNOWN_PATH}`) + 1);
    if (unreached.length === 0 || unreached.length === paths.length) return;
    throw new Error(
      `Requests for ${unreached.join(', ')} never get there. Let UnknownPathModule be the last import of AppModule.`,
    );
  }
}
