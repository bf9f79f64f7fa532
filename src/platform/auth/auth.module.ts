import { Module } from '@nestjs/common';
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
import { isNoProbe, probing } from './probes';
import { RateLimitGuard } from './rate-limit.guard';
import { RequestCounts } from './request-counts';
import { Tokens } from './tokens';

const windowMs = 10_000;

/** Changes that can tell whether somebody else exists: so many in 10 minutes by a caller who may only see one user. */
const probes = { name: probing, ttl: 600_000, limit: 10 };

/** Who may: every request passes the three guards in the order in which they stand here, before those of `HttpModule` and the rest. */
@Module({
  imports: [
    DiscoveryModule,
    ThrottlerModule.forRootAsync({
      inject: [Environment],
      useFactory: ({ RATE_LIMIT }: Environment) => ({
        throttlers: [
          { ttl: windowMs, limit: RATE_LIMIT },
          { ...probes, skipIf: isNoProbe },
        ],
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
  ],
  exports: [ApiKeys],
})
export class AuthModule {}
