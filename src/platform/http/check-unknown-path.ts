import { Injectable, OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Application } from 'express';
import { isOfUnknownPath, UNKNOWN_PATH } from './unknown-path.controller';

/**
 * Routes behind the one that takes every path would never be reached: the process must not start with one. Where the application
 * has a prefix, that route takes the paths outside of it, too.
 */
@Injectable()
export class CheckUnknownPath implements OnApplicationBootstrap {
  constructor(private readonly host: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    const adapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    const application = adapter?.getInstance<Partial<Application>>();
    if (application?.router === undefined) return;
    refuseUnreached(application as Application);
    takeAllPaths(application as Application);
  }
}

function refuseUnreached({ router }: Application): void {
  const paths = router.stack.flatMap(({ route }) => route?.path ?? []);
  const unreached = paths.slice(paths.findIndex(isOfUnknownPath) + 1);
  if (unreached.length === 0 || unreached.length === paths.length) return;
  throw new Error(
    `Requests for ${unreached.join(', ')} never get there. Let UnknownPathModule be the last import of AppModule.`,
  );
}

/** Puts the route without the prefix right behind itself: the framework has an end for the prefix alone, without its guards. */
function takeAllPaths(application: Application): void {
  const { stack } = application.router;
  const place = stack.findIndex(({ route }) => isOfUnknownPath(route?.path));
  const { route } = stack[place] ?? {};
  const [answer] = route?.stack ?? [];
  if (answer === undefined || route?.path === `/${UNKNOWN_PATH}`) return;
  application.all(`/${UNKNOWN_PATH}`, answer.handle);
  stack.splice(place + 1, 0, ...stack.splice(-1));
}
