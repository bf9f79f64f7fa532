import { DynamicModule, Module } from '@nestjs/common';
import { EventSourcingModule } from './event-sourcing';
import { UsersModule } from './modules/users';
import {
  Database,
  DatabaseModule,
  Environment,
  HealthModule,
  HttpModule,
  PlatformConfigModule,
} from './platform';

export interface AppOptions {
  /** A command of the operator: no subscriptions, and it joins the embedded Postgres of a running service. */
  readonly commandLine?: boolean;
}

/** The composition root: the only place that names every module. */
@Module({})
export class AppModule {
  static forRoot({ commandLine = false }: AppOptions = {}): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformConfigModule.forRoot(),
        DatabaseModule.forRoot({ join: commandLine }),
        EventSourcingModule.forRootAsync({
          inject: [Database, Environment],
          useFactory: (database: Database, environment: Environment) => ({
            store: { connection: { connectionString: database.url, max: environment.EVENT_STORE_POOL_SIZE } },
            subscriptions: { enabled: environment.SUBSCRIPTIONS_ENABLED && !commandLine },
          }),
        }),
        HttpModule,
        HealthModule,
        UsersModule,
      ],
    };
  }
}
