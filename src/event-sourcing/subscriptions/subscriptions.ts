import { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { EventRegistrationError } from '../event-store/event-registry';
import { EventBusBridge } from '../messaging/event-bus-bridge';
import { Projections } from '../projections/projections';
import { ProjectorDefinition } from '../projections/projector';
import { Subscribers } from './subscribers';
import { SubscriptionLoop, SubscriptionLoopParts } from './subscription-loop';

/** Runs the loops of this process: one per subscription, and the bridge to the event bus. */
export class Subscriptions implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private loops: readonly SubscriptionLoop[] = [];

  constructor(
    private readonly subscribers: Subscribers,
    private readonly projections: Projections,
    private readonly bridge: EventBusBridge,
    private readonly parts: SubscriptionLoopParts,
  ) {}

  /** Subscriptions whose loop in this process failed at its last try. */
  failing(): readonly string[] {
    return this.loops.filter((loop) => loop.failuresInARow > 0).map((loop) => loop.name);
  }

  async onApplicationBootstrap(): Promise<void> {
    for (const { definition } of this.projections.all()) checkEntities(this.parts.dataSource, definition);
    const subscribers = this.subscribers.all();
    if (!this.parts.settings.enabled) return;
    await this.bridge.start();
    this.loops = subscribers.map((subscriber) => new SubscriptionLoop(subscriber, this.parts));
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
