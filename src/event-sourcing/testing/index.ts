// Domain rules as given, when, then
export { specFor } from './spec-for';

// The contract of event stores
export type { ContractCase } from './contract-case';
export { eventStoreContract } from './event-store-contract';
