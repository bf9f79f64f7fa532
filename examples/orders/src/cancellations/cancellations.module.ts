import { EventSourcingModule } from '@annals/nestjs';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Order } from '../orders/order.js';
import {
  CancelOrdersOfDeactivatedUsers,
  DeactivatedUser,
  OpenOrder,
} from './cancel-orders-of-deactivated-users.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([OpenOrder, DeactivatedUser]),
    EventSourcingModule.forFeature({ aggregates: [Order] }),
  ],
  providers: [CancelOrdersOfDeactivatedUsers],
})
export class CancellationsModule {}
