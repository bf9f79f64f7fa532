import { Injectable, OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { Projections } from '../../event-sourcing';
import { READS_MODEL } from './reads-model';

/** A route that reads a model nobody projects would wait for ever: the process must not start with one. */
@Injectable()
export class CheckReadModels implements OnApplicationBootstrap {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
    private readonly projections: Projections,
  ) {}

  /** Throws for a `@ReadsModel` name that no projector has. */
  onApplicationBootstrap(): void {
    for (const { instance } of this.discovery.getControllers()) {
      const controller = instance as Record<string, () => unknown>;
      for (const method of this.scanner.getAllMethodNames(controller)) {
        const route = controller[method];
        const projection = route && this.reflector.get<string | undefined>(READS_MODEL, route);
        if (projection !== undefined) this.projections.get(projection);
      }
    }
  }
}
