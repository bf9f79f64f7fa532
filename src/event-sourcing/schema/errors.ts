import { EventSourcingError } from '../domain/event-sourcing-error';

/** A versioned file is another one than the one that was run. */
export class SchemaFileChangedError extends EventSourcingError {
  readonly code = 'schema.file-changed';
  readonly kind = 'defect';

  constructor(file: string, schema: string) {
    super(
      `${file} was changed after it was run in schema "${schema}". Put it back, and make the change in a new file with the next number.`,
    );
  }
}

/** Two kernels have one data source. */
export class SchemaInUseError extends EventSourcingError {
  readonly code = 'schema.data-source-in-use';
  readonly kind = 'defect';

  constructor(known: string, wanted: string) {
    super(
      `The data source serves the event store in schema "${known}" already, and not that in "${wanted}". Give each a data source ` +
        `of its own: TypeOrmModule.forRoot({ name: '${wanted}', … }) and EventSourcingModule.forRoot({ dataSource: '${wanted}', … }).`,
    );
  }
}
