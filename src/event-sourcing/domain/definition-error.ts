import { EventSourcingError } from './event-sourcing-error';

/** A mistake in the decorators of a class: one is missing, stands twice, or comes from another copy of the package. */
export class DefinitionError extends EventSourcingError {
  readonly code = 'definition.invalid';
  readonly kind = 'defect';
}
