import { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { EventBusBridge } from '../messaging/event-bus-bridge';
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

  async onApplicationBootstrap(): Promise<void> {
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
