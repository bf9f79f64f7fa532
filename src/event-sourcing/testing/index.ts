// Domain rules as given, when, then
export { specFor } from './spec-for';

// Read models: the rows that events make, however they come
export { projectorSpec, type ProjectorSpecOptions } from './projector-spec';
export { idOfEvent, timeOfEvent } from './given-events';

// Command handlers and durable handlers, with the store in memory
export { handlerSpec } from './handler-spec';
export type { HandlerSpecOptions } from './handler-application';

// Whole features, without a database
export {
  EventSourcingTestingModule,
  type EventSourcingTestingOptions,
} from './event-sourcing-testing.module';
export { EventDelivery } from './event-delivery';

// The contract of event stores
export type { ContractCase } from './contract-case';
export { eventStoreContract } from './event-store-contract';
