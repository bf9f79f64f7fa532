// Writing an aggregate
export {
  Aggregate,
  aggregateType,
  mayBeCached,
  type AggregateClass,
  type AggregateOptions,
} from './aggregate';
export { AggregateRoot, UnhandledEventError, type PendingChanges, type StreamPlace } from './aggregate-root';
export type { Claim } from './claim';
export { DomainError, type DomainErrorKind } from './domain-error';

// Writing its events
export {
  DomainEvent,
  domainEventDefinition,
  type DomainEventDefinition,
  type DomainEventOptions,
  type EventData,
  type Upcaster,
} from './domain-event';
export type { EventClass } from './event-class';
export { eventMethods, On } from './on';
