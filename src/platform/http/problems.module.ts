import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Problems } from './problems';

/** The table of problems, for everything that answers with one. */
@Global()
@Module({ imports: [DiscoveryModule], providers: [Problems], exports: [Problems] })
export class ProblemsModule {}
