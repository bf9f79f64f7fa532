import { Injectable, OnApplicationBootstrap } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { type Access, OWN_USER_PARAMETER } from './access';
import { AccessOfRoutes } from './access-of-routes';

/** A route that nobody decided about; the guard would deny it to all. The process must not start with one. */
export class UndecidedRouteError extends Error {
  constructor(routes: readonly string[]) {
    super(
      `Nobody has decided who may call ${routes.join(', ')}. ` +
        'Put @Roles(…), @AnyCaller(), @PublicInDevelopment() or @Public() on each.',
    );
    this.name = 'UndecidedRouteError';
  }
}

/** A route that lets users reach what is their own, and whose path does not say whose it is. */
export class OwnerlessRouteError extends Error {
  constructor(routes: readonly string[]) {
    super(
      `'users:self' is meant for one's own user, but the paths of ${routes.join(', ')} have no parameter ` +
        `:${OWN_USER_PARAMETER}. Add it, or take that role away.`,
    );
    this.name = 'OwnerlessRouteError';
  }
}

interface Route {
  readonly name: string;
  readonly path: string;
  readonly access: Access | undefined;
}

/** Fails the start for a route whose decision is missing or cannot work. */
@Injectable()
export class CheckAccess implements OnApplicationBootstrap {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly access: AccessOfRoutes,
  ) {}

  onApplicationBootstrap(): void {
    const routes = this.routes();
    const undecided = routes.filter(({ access }) => access === undefined);
    if (undecided.length > 0) throw new UndecidedRouteError(undecided.map(({ name }) => name));
    const ownerless = routes.filter(({ access, path }) => isForOneself(access) && !namesOwner(path));
    if (ownerless.length > 0) throw new OwnerlessRouteError(ownerless.map(({ name }) => name));
  }

  private routes(): readonly Route[] {
    return this.discovery.getControllers().flatMap(({ instance, metatype }) => {
      const controller = instance as Record<string, () => unknown>;
      const type = metatype as new () => unknown;
      return this.scanner.getAllMethodNames(controller).flatMap((name) => {
        const method = controller[name];
        const paths = method && pathsOf(method);
        if (method === undefined || paths === undefined) return [];
        const access = this.access.of(method, type);
        return (pathsOf(type) ?? ['']).flatMap((start) =>
          paths.map((end) => ({ name: `${type.name}.${name}`, path: `${start}/${end}`, access })),
        );
      });
    });
  }
}

function pathsOf(target: object): readonly string[] | undefined {
  const path = Reflect.getMetadata(PATH_METADATA, target) as string | readonly string[] | undefined;
  return path === undefined ? undefined : [path].flat();
}

function isForOneself(access: Access | undefined): boolean {
  return access?.kind === 'roles' && access.roles.includes('users:self');
}

function namesOwner(path: string): boolean {
  return path.split('/').includes(`:${OWN_USER_PARAMETER}`);
}
