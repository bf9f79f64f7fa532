import type { Type } from '@nestjs/common';
import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import { EventRegistry } from '../event-store/event-registry';
import { Projection } from '../projections/projection';
import { Projections } from '../projections/projections';
import { InStream, inStream, recordedEvents, StreamOf } from './given-events';
import { ProjectorRun } from './projector-run';
import { defaultTimeZones } from './projector-trials';
import { checkRefusal, ErrorClass } from './refusals';

export interface ProjectorSpecOptions<P extends object = object> {
  /** Knows the entities of the projector, on a Postgres that has their tables. Nothing in them is read or changed. */
  readonly dataSource: DataSource;
  /** Makes the projector, where its constructor takes something. */
  readonly projector?: () => P;
  /** Time zones in which the rows must be the same. Default: the two that are farthest apart. */
  readonly timeZones?: readonly string[];
}

/**
 * Tests of a projector: `projectorSpec(UsersProjector, { dataSource }).given(User, id, new UserCreated(…))
 * .thenRows(UserEntity, [{ … }])`. The events are handled in one batch; then twice, cut at every place with and without a restart, and
 * in other time zones, where all must give the same rows.
 */
export function projectorSpec<P extends object>(
  projectorClass: Type<P>,
  options: ProjectorSpecOptions<P>,
): GivenToProjector<P> {
  return new GivenToProjector(projectorClass, options, []);
}

class GivenToProjector<P extends object> {
  constructor(
    private readonly projectorClass: Type<P>,
    private readonly options: ProjectorSpecOptions<P>,
    private readonly history: readonly InStream[],
  ) {}

  /** Events of one stream, behind those that were given before. */
  given(of: StreamOf, id: string, ...events: readonly object[]): GivenToProjector<P> {
    return new GivenToProjector(this.projectorClass, this.options, [
      ...this.history,
      inStream(of, id, events),
    ]);
  }

  /** Exactly these rows, each with all its members, in any order; and the same rows however the events come. */
  async thenRows<E extends ObjectLiteral>(entity: EntityTarget<E>, rows: readonly E[]): Promise<void> {
    const run = await this.run();
    await run.checkRows(entity, rows);
    await run.checkTrials(this.options.timeZones ?? defaultTimeZones);
  }

  /** The projector fails on these events, so that their stream is set aside. */
  async thenThrows(errorClass: ErrorClass): Promise<void> {
    const refusal = await (await this.run()).failure();
    checkRefusal(this.projectorClass.name, errorClass, refusal, []);
  }

  private async run(): Promise<ProjectorRun> {
    const registry = new EventRegistry();
    for (const { events } of this.history)
      for (const event of events) registry.register(event.constructor as Type<object>);
    const make = this.options.projector ?? (() => new this.projectorClass());
    const projection = (): Projection => {
      const projections = new Projections(registry);
      projections.register(make(), this.projectorClass);
      return projections.all()[0] as Projection;
    };
    const events = await recordedEvents(registry, this.history);
    return new ProjectorRun(this.projectorClass.name, this.options.dataSource, projection, events);
  }
}
