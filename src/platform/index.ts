// Configuration and the database
export { PlatformConfigModule } from './config/config.module';
export { Environment } from './config/environment';
export { readEnvironment } from './config/read-environment';
export { ConfigurationError, validateEnvironment } from './config/validate-environment';
export { Database } from './database/database';
export { poolLimits } from './database/pool-limits';
export { DatabaseModule } from './database/database.module';
export { migrate } from './database/migrate';

// Who may: decisions of routes, and who the caller is
export { AnyCaller, OwnResource, Public, PublicInDevelopment, Roles } from './auth/access';
export { TellsOfOthers } from './auth/probes.guard';
export { AuthModule } from './auth/auth.module';
export { callerOf, type Caller } from './auth/caller';
export { DevelopmentKey } from './auth/development-key';
export { requireAuthentication } from './auth/require-authentication';
export { DeclaredRoles, type Role, type RoleDeclarations } from './auth/roles';

// HTTP: what every route shares
export { configureHttp, versionRoutes } from './http/configure-http';
export { drainHttp } from './http/drain-http';
export { Draining } from './http/draining';
export { HttpModule } from './http/http.module';
export { UnknownPathModule } from './http/unknown-path.module';
export { ValidationFailedError, type ProblemDetail } from './http/problem';
export type { ProblemRow, ProblemRows } from './http/problem-rows';
export { answersOf } from './http/problems';
export { RequestError } from './http/request-error';

// HTTP: what a controller uses
export { acknowledge, type Acknowledged } from './http/acknowledge';
export { Repeatable, type CommandAnswer } from './http/idempotency/repeatable';
export { Compressed } from './http/compressed';
export { IfMatch } from './http/if-match';
export { EventStreams } from './http/event-streams/event-streams';
export { EventStreamsModule } from './http/event-streams/event-streams.module';
export { LastEventId } from './http/event-streams/last-event-id';
export { prolongRequest } from './http/time-limit';
export { ReadsModel } from './http/reads-model';
export { routeOf } from './http/route-of';

// OpenAPI: the document, and what controllers say of their routes
export { ApiCommand, ApiConditionalQuery, ApiCreate, ApiEventStream, ApiRoute } from './openapi/api-route';
export {
  notFound,
  positionOfAnotherEra,
  rebuildInProgress,
  rebuildRefused,
  type DocumentedProblem,
} from './openapi/documented-problem';
export { openApiDocument, type ApiDescription, type ApiTag } from './openapi/openapi-document';
export { serveDocs } from './openapi/serve-docs';

// Health
export { type HealthCheck, HealthChecks } from './health/health-checks';
export { HealthModule } from './health/health.module';

// What others see of the process: metrics, logs, traces
export { addTraceMembers } from './logging/log-members';
export { Metrics, secondsBuckets } from './observability/metrics';
export { ObservabilityModule } from './observability/observability.module';
export { withoutPersonalData } from './logging/without-personal-data';

// The process
export { exitWith } from './process/exit-with';
export { loggerFor } from './logging/logger';
export { stopOnSignals } from './process/stop-on-signals';
export { surviveRejections } from './process/survive-rejections';
export { announce, type ExampleRequests } from './process/welcome';

// The commands of the platform; what runs commands has a door of its own, `cli/`
export { addKeyCommands } from './auth/key-commands';
export { addMigrateCommand } from './database/migrate-command';
