import { DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import pg from 'pg';
import { BoundedPool } from '../../event-sourcing';
import { Environment } from '../config/environment';
import { Database } from './database';
import { poolLimits } from './pool-limits';

/** The TypeORM data source of read models and projections. Its entities come from the features (`autoLoadEntities`). */
@Module({})
export class DatabaseModule {
  static forRoot(database: Database): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          inject: [Environment],
          useFactory: (environment: Environment) => ({
            type: 'postgres' as const,
            driver: { ...pg, Pool: BoundedPool },
            url: database.url,
            autoLoadEntities: true,
            poolSize: environment.DATABASE_POOL_SIZE,
            retryAttempts: 3,
            retryDelay: 500,
            applicationName: 'annals read models',
            extra: {
              ...poolLimits(environment),
              // A process that stops in the middle of a projection must not hold its locks for longer than its lease.
              idle_in_transaction_session_timeout: 5_000,
            },
          }),
        }),
      ],
    };
  }
}
