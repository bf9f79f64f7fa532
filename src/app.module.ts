import { DynamicModule, Module } from '@nestjs/common';
import { EventSourcingModule } from './event-sourcing';
import { UsersModule } from './modules/users';
import { Database, DatabaseModule, Environment, HealthModule, HttpModule, PlatformConfigModule } from './platform';

/** The composition root: the only place that names every module. */
@Module({})
export class AppModule {
  static forRoot(): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformConfigModule.forRoot(),
        DatabaseModule.forRoot(),
        EventSourcingModule.forRootAsync({
          inject: [Database, Environment],
          useFactory: (database: Database, environment: Environment) => ({
            store: { connection: { connectionString: database.url, max: environment.EVENT_STORE_POOL_SIZE } },
            subscriptions: { enabled: environment.SUBSCRIPTIONS_ENABLED },
          }),
        }),
        HttpModule,
        HealthModule,
        UsersModule,
      ],
    };
  }
}
