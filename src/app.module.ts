import { DynamicModule, Module } from '@nestjs/common';
import { EventSourcingModule } from './event-sourcing';
import { exampleRequests, userRoles, UsersModule, usersTag } from './modules/users';
import { adminTag, feedTag, operatorRoles, OperationsModule } from './operations';
import {
  type ApiDescription,
  AuthModule,
  Database,
  DatabaseModule,
  DeclaredRoles,
  Environment,
  type ExampleRequests,
  HealthModule,
  HttpModule,
  ObservabilityModule,
  PlatformConfigModule,
  poolLimits,
  UnknownPathModule,
} from './platform';

/** What the platform tells of this service: to callers, in its documents, and at the start. */
export const service: ApiDescription & { readonly examples: ExampleRequests } = {
  title: 'Annals',
  description: `
Users over REST, on a log of events. Bodies are JSON objects in UTF-8; an unknown or repeated member of a body or a query is
refused. Times are ISO 8601 in UTC with milliseconds. Positions in the log are decimal strings, versions of a user are numbers.

**Read your own write.** A command answers with \`Event-Position\`. A query that sends it back as \`Min-Event-Position\` sees
the change, or hears 503 \`read-model-behind\`.

**Conditional commands.** \`If-Match: "<version>"\` gives 412 when the user is elsewhere.

**Errors** are \`application/problem+json\` (RFC 9457). Tell them apart by \`code\`. A path that is not here is 404 \`not-found\`;
a path with another method is 405 \`method-not-allowed\`, and \`Allow\` names the methods it has (see \`x-unrouted-responses\`).
A GET can be asked as HEAD too.
`.trim(),
  tags: [usersTag, feedTag, adminTag],
  roles: new DeclaredRoles(userRoles, operatorRoles),
  examples: exampleRequests,
};

export interface AppOptions {
  readonly database: Database;
  /** False for a start that makes a key for itself. Default: true. */
  readonly isAuthenticationConfigured?: boolean;
}

/** The composition root: the only place that names every module. */
@Module({})
export class AppModule {
  static forRoot({ database, isAuthenticationConfigured }: AppOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformConfigModule.forRoot(),
        DatabaseModule.forRoot(database),
        EventSourcingModule.forRootAsync({
          inject: [Environment],
          useFactory: (environment: Environment) => ({
            store: {
              connection: {
                ...poolLimits(environment),
                connectionString: database.url,
                max: environment.EVENT_STORE_POOL_SIZE,
              },
            },
            subscriptions: { enabled: environment.SUBSCRIPTIONS_ENABLED },
            aggregateCacheBytes: environment.AGGREGATE_CACHE_MB * 1_048_576,
          }),
        }),
        AuthModule.forRoot({ roles: service.roles, isConfigured: isAuthenticationConfigured }),
        HttpModule,
        HealthModule,
        ObservabilityModule,
        OperationsModule,
        UsersModule,
        UnknownPathModule,
      ],
    };
  }
}
