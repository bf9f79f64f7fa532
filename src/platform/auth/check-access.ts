import { Injectable, OnApplicationBootstrap } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { Access } from './access';
import { AccessOfRoutes } from './access-of-routes';
import { DeclaredRoles, type Role } from './roles';

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

/** A route that names a role that nobody can have. */
export class UnknownRoleError extends Error {
  constructor(routes: readonly string[], known: readonly Role[]) {
    super(
      `No feature declares a role of ${routes.join(', ')}. Declare it, or take one of these: ${known.join(', ')}.`,
    );
    this.name = 'UnknownRoleError';
  }
}

/** A route that lets callers reach what is their own, and does not say whose it is. */
export class OwnerlessRouteError extends Error {
  constructor(routes: readonly string[]) {
    super(
      `A role of ${routes.join(', ')} is meant for the caller's own, and nothing says whose the resource is. ` +
        'Put @OwnResource(…) on each, with the name of a parameter of its path; or take that role away.',
    );
    this.name = 'OwnerlessRouteError';
  }
}

interface Route {
  readonly name: string;
  readonly path: string;
  readonly access: Access | undefined;
  /** The parameter that names the owner. */
  readonly owner: string | undefined;
}

/** Fails the start for a route whose decision is missing or cannot work. */
@Injectable()
export class CheckAccess implements OnApplicationBootstrap {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly access: AccessOfRoutes,
    private readonly declared: DeclaredRoles,
  ) {}

  onApplicationBootstrap(): void {
    const routes = this.routes();
    const undecided = routes.filter(({ access }) => access === undefined);
    if (undecided.length > 0) throw new UndecidedRouteError(undecided.map(({ name }) => name));
    const unknown = routes.filter(({ access }) => rolesOf(access).some((role) => !this.declared.has(role)));
    if (unknown.length > 0)
      throw new UnknownRoleError(
        unknown.map(({ name }) => name),
        this.declared.names,
      );
    const ownerless = routes.filter(
      (route) => rolesOf(route.access).some((role) => this.declared.isOwn(role)) && !namesOwner(route),
    );
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
        const owner = this.access.ownerIn(method, type);
        return (pathsOf(type) ?? ['']).flatMap((start) =>
          paths.map((end) => ({ name: `${type.name}.${name}`, path: `${start}/${end}`, access, owner })),
        );
      });
    });
  }
}

function pathsOf(target: object): readonly string[] | undefined {
  const path = Reflect.getMetadata(PATH_METADATA, target) as string | readonly string[] | undefined;
  return path === undefined ? undefined : [path].flat();
}

function rolesOf(access: Access | undefined): readonly Role[] {
  return access?.kind === 'roles' ? access.roles : [];
}

function namesOwner({ path, owner }: Route): boolean {
  return owner !== undefined && path.split('/').includes(`:${owner}`);
}
