import { Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { AllowedMethods } from './allowed-methods';
import { BodyInterceptor } from './body.interceptor';
import { CheckReadModels } from './check-read-models';
import { Draining } from './draining';
import { RequestTimeout } from './request-timeout';
import { ProblemFilter } from './problem.filter';
import { validation } from './validation';

/** What every route shares: the checks before it, and the shape of errors after it. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    AllowedMethods,
    CheckReadModels,
    Draining,
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_INTERCEPTOR, useClass: BodyInterceptor },
    { provide: APP_INTERCEPTOR, useClass: RequestTimeout },
    { provide: APP_PIPE, useFactory: validation },
  ],
  exports: [Draining],
})
export class HttpModule {}
