import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Application } from 'express';
import { isOfUnknownPath } from './unknown-path.controller';

/** The part of an Express router layer that tells which route it stands for. */
interface RouteLayer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

/** Tells which methods the routes of a path have, for 405 and its `Allow`. */
@Injectable()
export class AllowedMethods {
  constructor(private readonly host: HttpAdapterHost) {}

  of(path: string): readonly string[] {
    const application = this.host.httpAdapter.getInstance<Application>();
    const layers = application.router.stack as unknown as readonly RouteLayer[];
    const methods = layers
      .filter((layer) => layer.route && !isOfUnknownPath(layer.route.path) && matches(layer, path))
      .flatMap((layer) => Object.keys(layer.route?.methods ?? {}))
      .filter((method) => method !== '_all')
      .map((method) => method.toUpperCase());
    const all = new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods);
    return [...all].sort();
  }
}

function matches(layer: RouteLayer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false;
  }
}
