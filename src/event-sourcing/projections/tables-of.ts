import type { DataSource } from 'typeorm';
import { EventRegistrationError } from '../event-store/event-registry';
import { faultOfColumns } from '../rows/proven-columns';
import { Projection } from './projection';

/** The tables that a projection writes, by name. */
export function tablesOf(dataSource: DataSource, { definition }: Projection): string[] {
  // Classes that inherit from each other may have one table.
  return [...new Set(definition.entities.map((entity) => dataSource.getMetadata(entity).tableName))];
}

/**
 * Without its entities a projector cannot write; with a schema in their names, neither the proof of its rows nor a rebuild
 * could put other tables before the live ones. A type of column whose rows are not proven is refused before it makes a row.
 * @throws EventRegistrationError
 */
export function checkTables(dataSource: DataSource, { definition: { name, entities } }: Projection): void {
  for (const entity of entities) {
    if (!dataSource.hasMetadata(entity)) {
      throw new EventRegistrationError(
        `Projector "${name}" names an entity that TypeORM does not know. Add it: TypeOrmModule.forFeature([…]).`,
      );
    }
    const metadata = dataSource.getMetadata(entity);
    const { schema, tableName } = metadata;
    if (schema !== undefined) {
      throw new EventRegistrationError(
        `Table "${tableName}" of projector "${name}" has a schema in its entity ("${schema}"). Remove it: the search path finds the table.`,
      );
    }
    const fault = faultOfColumns(metadata);
    if (fault !== undefined)
      throw new EventRegistrationError(`Projector "${name}" cannot keep its rows: ${fault}`);
  }
}
