import { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { EventRegistrationError } from '../event-store/event-registry';
import { EventBusBridge } from '../messaging/event-bus-bridge';
import { ProjectorDefinition } from '../projections/projector';
import { Projections } from '../projections/projections';
import { ProjectionLoop, ProjectionLoopParts } from './projection-loop';

/** Runs the loops of this process: one per projector, and the bridge to the event bus. */

export class Subscriptions implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private loops: readonly ProjectionLoop[] = [];

  constructor(
    private readonly projections: Projections,
    private readonly bridge: EventBusBridge,
    private readonly parts: ProjectionLoopParts,
  ) {}

  /** Projectors whose loop in this process failed at its last try. */
  failing(): readonly string[] {
    return this.loops.filter((loop) => loop.failuresInARow > 0).map((loop) => loop.name);
  }

  async onApplicationBootstrap(): Promise<void> {
    for (const { definition } of this.projections.all()) checkEntities(this.parts.dataSource, definition);
    if (!this.parts.settings.enabled) return;
    await this.bridge.start();
    this.loops = this.projections.all().map((projection) => new ProjectionLoop(projection, this.parts));
    for (const loop of this.loops) loop.start();
  }

  /** Before the HTTP server and the connections go, each loop finishes its batch and gives its lease back. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.bridge.stop(), ...this.loops.map((loop) => loop.stop())]);
  }
}

/** Without its entities a projector cannot write, and its read model cannot be proven. */
function checkEntities(dataSource: DataSource, { name, entities }: ProjectorDefinition): void {
  for (const entity of entities) {
    if (dataSource.hasMetadata(entity)) continue;
    throw new EventRegistrationError(
      `Projector "${name}" names an entity that TypeORM does not know. Add it: TypeOrmModule.forFeature([…]).`,
    );
  }
}
