import { EventSourcingModule } from '@annals/nestjs';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CancelOrderHandler } from './cancel-order.command.js';
import { GetOrderHandler } from './get-order.query.js';
import { Order } from './order.js';
import { OrdersController } from './orders.controller.js';
import { OrderRow, OrdersProjector } from './orders.projector.js';
import { Payments } from './payments.js';
import { PlaceOrderHandler } from './place-order.command.js';
import { TakePayment } from './take-payment.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([OrderRow]),
    EventSourcingModule.forFeature({ aggregates: [Order], projectors: [OrdersProjector] }),
  ],
  controllers: [OrdersController],
  providers: [PlaceOrderHandler, CancelOrderHandler, GetOrderHandler, Payments, TakePayment],
})
export class OrdersModule {}
