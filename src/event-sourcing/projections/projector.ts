import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import { inherited, noteDecorated } from '../domain/decorated-classes';
import { RecordedEvent } from '../event-store/event-envelope';
import { Rows } from '../rows/rows';

export interface ProjectorOptions {
  /** 1, 2, 3 …: raise it when the rows must be rebuilt, because the projector or its tables changed. */
  readonly version: number;
  /** The entities whose rows this projector writes, and nobody else does. */
  readonly entities: readonly EntityTarget<ObjectLiteral>[];
  /**
   * Divides the streams into 1 to 64 segments, which run side by side, spread over the processes. Only for projectors whose
   * rows each belong to one stream: streams of different segments have no order among each other. Default: 1.
   */
  readonly segments?: number;
  /**
   * Whether each commit waits until it is on the disk, and on a standby that is synchronous. Default: false. What a crash of the
   * server loses of rows it loses of their checkpoint, too, and it is projected again. True is for rows that something outside
   * the database acts upon.
   */
  readonly flush?: boolean;
}

export interface ProjectorDefinition extends ProjectorOptions {
  /** Names the checkpoint, so it outlives the class. */
  readonly name: string;
}

/** What an `@On` method of a projector gets besides the event. */
export interface ProjectionContext {
  /** The transaction that also moves the checkpoint: write through it, and through nothing else. */
  readonly manager: EntityManager;
  readonly recorded: RecordedEvent;
  /**
   * The rows of one of the projector's entities, collected over the events of a batch and written together:
   * `rows(UserEntity).update(id, { name })`.
   */
  readonly rows: <E extends ObjectLiteral>(entity: EntityTarget<E>) => Rows<E>;
}

const definitions = new WeakMap<object, ProjectorDefinition>();

/**
 * A projector folds the log into a read model. Its `@On` methods get each event once, in the order of the log; rows and
 * checkpoint commit together. Events without an `@On` method are not for this read model.
 */
export function Projector(name: string, options: ProjectorOptions): ClassDecorator {
  return (projectorClass) => {
    noteDecorated(projectorClass, 'Projector');
    definitions.set(projectorClass, { name, ...options });
  };
}

/** The definition of a projector, or of one that it extends. */
export function projectorDefinition(projectorClass: object): ProjectorDefinition | undefined {
  return inherited(definitions, projectorClass);
}
