// Domain rules as given, when, then
export { specFor } from './spec-for';

// Read models: the rows that events make, however they come
export { projectorSpec, type ProjectorSpecOptions } from './projector-spec';
export { idOfEvent, timeOfEvent } from './given-events';

// The contract of event stores
export type { ContractCase } from './contract-case';
export { eventStoreContract } from './event-store-contract';
