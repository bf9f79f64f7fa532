import { Module } from '@nestjs/common';
import { CheckUnknownPath } from './check-unknown-path';
import { UnknownPathController } from './unknown-path.controller';

/** The last module of the application: routes are tried in the order of the modules, and this one takes what is left. */
@Module({ controllers: [UnknownPathController], providers: [CheckUnknownPath] })
export class UnknownPathModule {}
