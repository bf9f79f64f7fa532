import type { DataSource } from 'typeorm';
import { EventRegistrationError } from '../event-store/event-registry';
import { Projection } from './projection';

/** The tables that a projection writes, by name. */
export function tablesOf(dataSource: DataSource, { definition }: Projection): string[] {
  return definition.entities.map((entity) => dataSource.getMetadata(entity).tableName);
}

/**
 * Without its entities a projector cannot write; with a schema in their names, neither the proof of its rows nor a rebuild
 * could put other tables before the live ones.
 * @throws EventRegistrationError
 */
export function checkTables(dataSource: DataSource, { definition: { name, entities } }: Projection): void {
  for (const entity of entities) {
    if (!dataSource.hasMetadata(entity)) {
      throw new EventRegistrationError(
        `Projector "${name}" names an entity that TypeORM does not know. Add it: TypeOrmModule.forFeature([…]).`,
      );
    }
    const { schema, tableName } = dataSource.getMetadata(entity);
    if (schema !== undefined) {
      throw new EventRegistrationError(
        `Table "${tableName}" of projector "${name}" has a schema in its entity ("${schema}"). Remove it: the search path finds the table.`,
      );
    }
  }
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
