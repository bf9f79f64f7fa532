import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { AllowedMethods } from './allowed-methods';
import { CheckReadModels } from './check-read-models';
import { Draining } from './draining';
import { InputGuard } from './input.guard';
import { ProblemFilter } from './problem.filter';
import { ProblemsModule } from './problems.module';
import { validation } from './validation';

/**
 * What every route shares: the checks before it, and the shape of errors after it. To be imported behind `AuthModule`: global
 * guards run in the order of their modules, and bodies are for those who were let in.
 */
@Module({
  imports: [DiscoveryModule, ProblemsModule],
  providers: [
    AllowedMethods,
    CheckReadModels,
    Draining,
    ProblemFilter,
    { provide: APP_FILTER, useExisting: ProblemFilter },
    { provide: APP_GUARD, useClass: InputGuard },
    { provide: APP_PIPE, useFactory: validation },
  ],
  exports: [Draining, ProblemFilter],
})
export class HttpModule {}
