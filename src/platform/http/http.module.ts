import { Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { AllowedMethods } from './allowed-methods';
import { ProblemFilter } from './problem.filter';
import { validation } from './validation';

/** What every route shares: the checks before it, and the shape of errors after it. */
@Module({
  providers: [
    AllowedMethods,
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useFactory: validation },
  ],
})
export class HttpModule {}
