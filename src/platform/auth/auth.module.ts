import { DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import { DataSource } from 'typeorm';
import { Environment } from '../config/environment';
import { AccessGuard } from './access.guard';
import { AccessOfRoutes } from './access-of-routes';
import { ApiKeys } from './api-keys';
import { Authenticator } from './authenticator';
import { CheckAccess } from './check-access';
import { DevelopmentKey } from './development-key';
import { KeyTable } from './key-table';
import { IdentifyGuard } from './identify.guard';
import { ProbesGuard } from './probes.guard';
import { RateLimitGuard } from './rate-limit.guard';
import { RequestCounts } from './request-counts';
import { DeclaredRoles } from './roles';
import { Tokens } from './tokens';

export interface AuthOptions {
  readonly roles: DeclaredRoles;
  /** False for a start that makes a key for itself: see `requireAuthentication`. Default: true. */
  readonly isConfigured?: boolean;
}

const windowMs = 10_000;

/** Who may: every request passes the guards in the order in which they stand here, before those of `HttpModule` and the rest. */
@Module({
  imports: [
    DiscoveryModule,
    ThrottlerModule.forRootAsync({
      inject: [Environment],
      useFactory: ({ RATE_LIMIT }: Environment) => ({
        throttlers: [{ ttl: windowMs, limit: RATE_LIMIT }],
        setHeaders: false,
        storage: new RequestCounts(),
      }),
    }),
  ],
  providers: [
    AccessOfRoutes,
    ApiKeys,
    Authenticator,
    CheckAccess,
    Tokens,
    { provide: APP_GUARD, useClass: IdentifyGuard },
    { provide: APP_GUARD, useClass: RateLimitGuard },
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_GUARD, useClass: ProbesGuard },
  ],
  exports: [ApiKeys],
})
export class AuthModule {
  static forRoot({ roles, isConfigured = true }: AuthOptions): DynamicModule {
    return {
      module: AuthModule,
      global: true,
      providers: [
        { provide: DeclaredRoles, useValue: roles },
        {
          provide: DevelopmentKey,
          inject: [Environment],
          useFactory: (environment: Environment) => new DevelopmentKey(environment, !isConfigured),
        },
        {
          provide: KeyTable,
          inject: [DataSource],
          useFactory: (dataSource: DataSource) =>
            new KeyTable((sql, values) => dataSource.query<object[]>(sql, [...values])),
        },
      ],
      exports: [DeclaredRoles, KeyTable],
    };
  }
}
