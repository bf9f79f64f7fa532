import { type AppendResult, EventSourcedRepository, InjectAggregate } from '@annals/nestjs';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Order } from './order.js';

export class CancelOrder extends Command<AppendResult> {
  constructor(
    readonly orderId: string,
    readonly reason: string,
  ) {
    super();
  }
}

@CommandHandler(CancelOrder)
export class CancelOrderHandler implements ICommandHandler<CancelOrder> {
  constructor(@InjectAggregate(Order) private readonly orders: EventSourcedRepository<Order>) {}

  async execute({ orderId, reason }: CancelOrder): Promise<AppendResult> {
    return this.orders.update(orderId, (order) => order.cancel(reason));
  }
}
