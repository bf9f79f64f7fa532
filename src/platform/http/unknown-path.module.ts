import { Module } from '@nestjs/common';
import { UnknownPathController } from './unknown-path.controller';

/** The last module of the application: routes are tried in the order of the modules, and this one takes what is left. */
@Module({ controllers: [UnknownPathController] })
export class UnknownPathModule {}
