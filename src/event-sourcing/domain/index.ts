// Writing an aggregate
export {
  Aggregate,
  aggregateType,
  mayBeCached,
  type AggregateClass,
  type AggregateOptions,
} from './aggregate';
export {
  AggregateRoot,
  AggregateSealedError,
  UnhandledEventError,
  type PendingChanges,
  type StreamPlace,
} from './aggregate-root';
export { comesLater, NotAtOnceError, type AtOnce } from './at-once';
export type { Claim } from './claim';
export { DefinitionError } from './definition-error';
export { DomainError, type DomainErrorKind } from './domain-error';
export { EventSourcingError, kindOf, type ErrorKind } from './event-sourcing-error';

// Writing its events
export {
  DomainEvent,
  domainEventDefinition,
  type DomainEventDefinition,
  type DomainEventOptions,
  type EventData,
  type Upcaster,
} from './domain-event';
export { loadedTwice, type EventClass } from './event-class';
export { eventMethods } from './event-methods';
export { On } from './on';
