import { DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import { Environment } from '../config/environment';
import { AccessGuard } from './access.guard';
import { AccessOfRoutes } from './access-of-routes';
import { ApiKeys } from './api-keys';
import { Authenticator } from './authenticator';
import { CheckAccess } from './check-access';
import { DevelopmentKey } from './development-key';
import { IdentifyGuard } from './identify.guard';
import { ProbesGuard } from './probes.guard';
import { RateLimitGuard } from './rate-limit.guard';
import { RequestCounts } from './request-counts';
import { DeclaredRoles } from './roles';
import { Tokens } from './tokens';

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
    DevelopmentKey,
    Tokens,
    { provide: APP_GUARD, useClass: IdentifyGuard },
    { provide: APP_GUARD, useClass: RateLimitGuard },
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_GUARD, useClass: ProbesGuard },
  ],
  exports: [ApiKeys],
})
export class AuthModule {
  static forRoot(roles: DeclaredRoles): DynamicModule {
    return {
      module: AuthModule,
      global: true,
      providers: [{ provide: DeclaredRoles, useValue: roles }],
      exports: [DeclaredRoles],
    };
  }
}
