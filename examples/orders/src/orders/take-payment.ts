import {
  DurableEventsHandler,
  EventSourcedRepository,
  type HandlerContext,
  type IDurableEventsHandler,
  InjectAggregate,
} from '@annals/nestjs';
import { Injectable } from '@nestjs/common';
import { Order, OrderPlaced } from './order.js';
import { Payments } from './payments.js';

@Injectable()
@DurableEventsHandler('take-payment', OrderPlaced)
export class TakePayment implements IDurableEventsHandler<OrderPlaced> {
  constructor(
    @InjectAggregate(Order) private readonly orders: EventSourcedRepository<Order>,
    private readonly payments: Payments,
  ) {}

  async handle({ cents }: OrderPlaced, { recorded }: HandlerContext): Promise<void> {
    const payment = await this.payments.charge(recorded.id, cents);
    await this.orders.update(recorded.stream.id, (order) =>
      'receipt' in payment ? order.pay(payment.receipt) : order.declinePayment(payment.declined),
    );
  }
}
