import { DynamicModule, Module } from '@nestjs/common';
import { EventSourcingModule } from './event-sourcing';
import { UsersModule } from './modules/users';
import { OperationsModule } from './operations';
import {
  AuthModule,
  Database,
  DatabaseModule,
  Environment,
  HealthModule,
  HttpModule,
  ObservabilityModule,
  PlatformConfigModule,
  poolLimits,
  UnknownPathModule,
} from './platform';

export interface AppOptions {
  readonly database: Database;
  /** False for a command of the operator: it leaves the subscriptions to the service. Default: as configured. */
  readonly subscriptions?: boolean;
}

/** The composition root: the only place that names every module. */
@Module({})
export class AppModule {
  static forRoot({ database, subscriptions = true }: AppOptions): DynamicModule {
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
            subscriptions: { enabled: environment.SUBSCRIPTIONS_ENABLED && subscriptions },
            aggregateCacheBytes: environment.AGGREGATE_CACHE_MB * 1_048_576,
          }),
        }),
        AuthModule,
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
