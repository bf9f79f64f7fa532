import { type AppendResult, EventSourcedRepository, InjectAggregate } from '@annals/nestjs';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Order } from './order.js';

export class PlaceOrder extends Command<AppendResult> {
  constructor(
    readonly orderId: string,
    readonly userId: string,
    readonly cents: number,
  ) {
    super();
  }
}

@CommandHandler(PlaceOrder)
export class PlaceOrderHandler implements ICommandHandler<PlaceOrder> {
  constructor(@InjectAggregate(Order) private readonly orders: EventSourcedRepository<Order>) {}

  async execute({ orderId, userId, cents }: PlaceOrder): Promise<AppendResult> {
    return this.orders.save(Order.place(orderId, userId, cents));
  }
}
