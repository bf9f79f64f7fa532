import { ProjectionPositions } from '@annals/nestjs';
import { NotFoundException, ServiceUnavailableException } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { OrderRow } from './orders.projector.js';

export class GetOrder extends Query<OrderRow> {
  /** @param after The read model must hold the event at this position: that of the command whose effect is to be seen. */
  constructor(
    readonly orderId: string,
    readonly after: bigint,
  ) {
    super();
  }
}

@QueryHandler(GetOrder)
export class GetOrderHandler implements IQueryHandler<GetOrder> {
  constructor(
    @InjectRepository(OrderRow) private readonly orders: Repository<OrderRow>,
    private readonly positions: ProjectionPositions,
  ) {}

  async execute({ orderId, after }: GetOrder): Promise<OrderRow> {
    if (!(await this.positions.waitFor('orders', after, 2_000)))
      throw new ServiceUnavailableException('The orders are not up to date yet. Ask again.');
    const order = await this.orders.findOneBy({ orderId });
    if (!order) throw new NotFoundException(`There is no order ${orderId}.`);
    return order;
  }
}
