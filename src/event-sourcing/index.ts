// Wiring: the module, once per application and once per feature
export {
  DatabaseNotMigratedError,
  DatabaseNotReadyError,
  RightsMissingError,
  TableMismatchError,
  TableOwnerError,
} from './start/errors';
export { EventSourcingModule } from './event-sourcing.module';
export type {
  EventSourcingExtras,
  EventSourcingFeature,
  EventSourcingOptions,
  EventSourcingOptionsFactory,
} from './event-sourcing.options';
export { startFor, type StartPurpose } from './start-purpose';

// The schema of the event store in the database, and its migration
export { migrateApplication } from './start/migrate-application';
export { migrateEventSourcing, type MigrateEventSourcingOptions } from './schema/migrate-event-sourcing';
export { pendingEventSourcing } from './schema/pending-event-sourcing';
export { SchemaFileChangedError, SchemaInUseError } from './schema/errors';
export { SchemaNameError } from './schema/kernel-schema';

// Errors: told apart by `code` and `kind`
export { EventSourcingError, kindOf, type ErrorKind } from './domain';
export { statusOfKind } from './status-of-kind';
export { EventSourcingErrorFilter } from './event-sourcing-error.filter';

// Writing: aggregates and their repository (the domain itself: `event-sourcing/domain`)
export {
  AggregateAlreadyExistsError,
  AggregateNotFoundError,
  NothingRaisedError,
  RaisedInConstructorError,
  VersionPreconditionError,
} from './repository/errors';
export { EventSourcedRepository, type UpdateOptions } from './repository/event-sourced-repository';
export { SecondAppendError } from './repository/receipt-of-request';
export { aggregateRepositoryToken, InjectAggregate } from './repository/inject-aggregate';

// Looking back: an aggregate as it stood behind each of its events
export {
  AggregateStates,
  type StateAtVersion,
  type StatesOfStream,
  type VersionRange,
} from './states/aggregate-states';
export { UnknownAggregateTypeError, VersionNotReachedError, VersionRangeError } from './states/errors';
export type { Readable, ReadableObject } from './states/readable';
export type { StateChange } from './states/state-changes';

// Read models: projectors, how far they have got, and the proof that they are right
export { Projector, type ProjectionContext, type ProjectorOptions } from './projections/projector';
export { InvalidRowError, MissingRowError, RowExistsError, TableMissingError } from './rows/errors';
export type { RowKey, Rows } from './rows/rows';
export { Projections, UnknownProjectionError } from './projections/projections';
export { ProjectionPositions } from './projections/projection-positions';
export { ProjectionFold, type FoldComparison, type RowDifference } from './projections/projection-fold';

// Reads that arrive at once travel together, here and in a read model
export { MissingAnswerError, ReadGroups } from './read-groups';

// Rebuilds of read models, beside the tables that are read
export { Rebuilds, type Rebuild, type RebuildOptions } from './projections/rebuild/rebuilds';
export { RebuildRunner } from './projections/rebuild/rebuild-runner';
export { RebuildSwap, type RebuildComparison } from './projections/rebuild/rebuild-swap';
export {
  NoRebuildError,
  NotAProjectorError,
  RebuildInProgressError,
  RebuildBlockedError,
  RebuildRefusedError,
  TableChangedError,
  TableInUseError,
} from './projections/rebuild/errors';
export type { TableDifference } from './projections/compare-tables';

// The log
export { EventStore } from './event-store/event-store';
export type {
  AppendOptions,
  AppendResult,
  ClaimedValue,
  EventStoreLoad,
  ExpectedVersion,
  LogState,
  ReadAllOptions,
  ReadStreamOptions,
} from './event-store/event-store';
export type {
  EventMetadata,
  NewEvent,
  Position,
  RecordedEvent,
  StreamId,
} from './event-store/event-envelope';
export type { Receipt } from './messaging/receipt';
export type { StoredReceipt } from './event-store/stored-receipt';
export { newId } from './new-id';
export { isExactNumber } from './event-store/exact-numbers';
export { appendLimits } from './event-store/append-limits';
export { EventRegistry } from './event-store/event-registry';
export {
  EventRegistrationError,
  InexactNumberError,
  StoredMemberError,
  UnknownEventTypeError,
  UnknownSchemaVersionError,
  UpcastError,
} from './event-store/registry-errors';
export {
  ClaimTakenError,
  DatabaseAnswerError,
  DuplicateEventIdError,
  EventStoreClosedError,
  EventStoreOverloadedError,
  EventStoreUnavailableError,
  HeadHeldError,
  InvalidAppendError,
  PoolExhaustedError,
  ReceiptExistsError,
  WrongExpectedVersionError,
} from './event-store/errors';

// Its providers
export { ReceiptCleaning } from './event-store/receipt-cleaning';
export { InMemoryEventStore } from './event-store/in-memory-event-store';
export { LogCheck, type LogCheckResult, type RetiredEvents } from './event-store/postgres/log-check';
export { BoundedPool, type BoundedPoolConfig } from './postgres/bounded-pool';
export { readLogState } from './event-store/postgres/log-state';
export { sessionSettings } from './postgres/session-settings';
export { databaseFailureOf, isDatabaseUnavailable, type DatabaseFailure } from './postgres/database-failure';
export {
  PostgresEventStore,
  type PostgresEventStoreOptions,
} from './event-store/postgres/postgres-event-store';
export { AppendSignal } from './event-store/progress-signal';
export { SharedLog } from './log/shared-log';

// Messages: what they carry on
export { MessageContextInterceptor, type ContextOfMessage } from './messaging/message-context.interceptor';
export {
  currentMetadata,
  messageContext,
  nameActor,
  noteWork,
  runInMessageContext,
  workInWords,
  type MessageContext,
  type WorkLabel,
} from './messaging/message-context';

// Durable handlers: reactions that are driven from the log
export {
  DurableEventsHandler,
  type DurableHandlerOptions,
  type HandlerContext,
  type IDurableEventsHandler,
} from './subscriptions/handlers/durable-events-handler';

// What the kernel tells of its work, for metrics and traces
export { type DiagnosticChannel, type DiagnosticWork } from './diagnostics';
export {
  appendBatch,
  appendConflict,
  appending,
  claimTaken,
  type AppendWork,
} from './event-store/diagnostics';
export { updateRetry } from './repository/diagnostics';
export {
  eventFailure,
  eventRetry,
  handlingEvent,
  leaseChange,
  subscriptionBatch,
  subscriptionFailure,
  type EventWork,
} from './subscriptions/diagnostics';
export { memberOfThrown, messageOfThrown } from './describe-thrown';

// Subscriptions: how they stand, and what an operator may do
export { BeyondLogError, EventGoneError, LogHoleError } from './log/contiguous';
export { LeaseLostError } from './subscriptions/checkpoints/leases';
export { failureCategories, type FailureCategory } from './subscriptions/parked/failure-category';
export {
  NotParkedError,
  StreamNotSetAsideError,
  SubscriptionControl,
  type ParkedEvent,
} from './subscriptions/operate/subscription-control';
export { CheckpointCheck, type CheckpointProof } from './subscriptions/operate/checkpoint-check';
export { SubscriptionStatuses } from './subscriptions/operate/subscription-status';
export type {
  RebuildProgress,
  SegmentStatus,
  SubscriptionStatus,
} from './subscriptions/operate/status-of-rows';
export { SubscriptionWatchdog } from './subscriptions/operate/subscription-watchdog';
export { UnknownSubscriptionError } from './subscribers';
export { Subscriptions } from './runtime';
export type { SubscriptionSettings } from './subscriptions/subscription-settings';
