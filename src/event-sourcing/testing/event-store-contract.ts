import { ContractCase } from './contract-case';
import { claimCases } from './contract-claims';
import { lastEventCases } from './contract-last-event';
import { dataCases } from './contract-data';
import { noteCases } from './contract-notes';
import { readingCases } from './contract-reading';
import { receiptCases } from './contract-receipts';
import { retryCases } from './contract-retries';
import { versionCases } from './contract-versions';

/**
 * What every event store promises, case by case. Put a store of your own to it:
 * `it.each(eventStoreContract)('$name', ({ run }) => run(store))`. Cases may share one store, also with other writers
 * at rest.
 */
export const eventStoreContract: readonly ContractCase[] = [
  ...versionCases,
  ...lastEventCases,
  ...retryCases,
  ...claimCases,
  ...receiptCases,
  ...noteCases,
  ...dataCases,
  ...readingCases,
];
