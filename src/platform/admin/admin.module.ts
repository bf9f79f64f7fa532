import { Module } from '@nestjs/common';
import { LogController } from './log.controller';
import { SubscriptionsController } from './subscriptions.controller';

/** Routes for operators. */
@Module({ controllers: [SubscriptionsController, LogController] })
export class AdminModule {}
