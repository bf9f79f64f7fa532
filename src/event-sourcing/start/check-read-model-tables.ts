import type { DataSource } from 'typeorm';
import { EventRegistrationError } from '../event-store/event-registry';
import { Projection } from '../projections/projection';

/**
 * One projector writes a table: what another one adds is no fold, and is gone after a rebuild.
 * @throws EventRegistrationError
 */
export function checkOneProjectorEach(dataSource: DataSource, projections: readonly Projection[]): void {
  const writers = new Map<string, string>();
  for (const { name, definition } of projections) {
    for (const table of new Set(
      definition.entities.map((entity) => dataSource.getMetadata(entity).tablePath),
    )) {
      const other = writers.get(table);
      if (other !== undefined) {
        throw new EventRegistrationError(
          `Projectors "${other}" and "${name}" both write table "${table}", and a rebuild of one would drop the rows of the other. ` +
            'Give each a table of its own, or make one projector of them.',
        );
      }
      writers.set(table, name);
    }
  }
}
