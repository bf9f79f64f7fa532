// Configuration and the database
export { PlatformConfigModule } from './config/config.module';
export { Environment } from './config/environment';
export { readEnvironment } from './config/read-environment';
export { ConfigurationError, validateEnvironment } from './config/validate-environment';
export { Database } from './database/database';
export { DatabaseModule } from './database/database.module';
export { migrate } from './database/migrate';

// HTTP: what every route shares
export { configureHttp } from './http/configure-http';
export { HttpModule } from './http/http.module';
export { ValidationFailedError, type ProblemDetail } from './http/problem';

// HTTP: what a controller uses
export { acknowledge, type Acknowledged } from './http/acknowledge';
export { IfMatch } from './http/if-match';
export { ReadsModel } from './http/reads-model';

// OpenAPI: the document, and what controllers say of their routes
export { ApiCommand, ApiConditionalQuery, ApiCreate, ApiPublic, ApiRoute } from './openapi/api-route';
export { notFound, type DocumentedProblem } from './openapi/documented-problem';
export { openApiDocument } from './openapi/openapi-document';
export { serveDocs } from './openapi/serve-docs';

// Operators
export { AdminModule } from './admin/admin.module';

// Health
export { HealthModule } from './health/health.module';

// The process
export { exitWith } from './process/exit-with';
export { loggerFor } from './process/logger';
export { stopOnSignals } from './process/stop-on-signals';
export { welcome } from './process/welcome';

// The command line
export {
  runCommandLine,
  type AddCommands,
  type CommandContext,
  type CommandLineOptions,
} from './cli/command-line';
export { allPrinted } from './cli/output';
export { addDatabaseCommands } from './cli/database-commands';
export { addLogCommands } from './cli/log-commands';
export { addSubscriptionCommands } from './cli/subscription-commands';
