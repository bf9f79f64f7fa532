import {
  DurableEventsHandler,
  EventSourcedRepository,
  type HandlerContext,
  type IDurableEventsHandler,
  InjectAggregate,
} from '@annals/nestjs';
import { Injectable } from '@nestjs/common';
import { Column, Entity, type EntityManager, PrimaryColumn } from 'typeorm';
import { Order, OrderCancelled, OrderPaid, OrderPlaced } from '../orders/order.js';
import { UserDeactivated } from '../users/user.js';

/** What the process remembers of the past: the orders that are open, and the users that are deactivated. */
@Entity('open_orders')
export class OpenOrder {
  @PrimaryColumn('text', { name: 'order_id' })
  orderId!: string;

  @Column('text', { name: 'user_id' })
  userId!: string;
}

@Entity('deactivated_users')
export class DeactivatedUser {
  @PrimaryColumn('text', { name: 'user_id' })
  userId!: string;
}

type ProcessEvent = OrderPlaced | OrderPaid | OrderCancelled | UserDeactivated;

@Injectable()
@DurableEventsHandler(
  'cancel-orders-of-deactivated-users',
  OrderPlaced,
  OrderPaid,
  OrderCancelled,
  UserDeactivated,
)
export class CancelOrdersOfDeactivatedUsers implements IDurableEventsHandler<ProcessEvent> {
  constructor(@InjectAggregate(Order) private readonly orders: EventSourcedRepository<Order>) {}

  async handle(event: ProcessEvent, { manager, recorded }: HandlerContext): Promise<void> {
    const { id } = recorded.stream;
    if (event instanceof OrderPlaced) return this.onPlaced(event, id, manager);
    if (event instanceof UserDeactivated) return this.onDeactivated(id, manager);
    await manager.delete(OpenOrder, { orderId: id });
  }

  private async onPlaced({ userId }: OrderPlaced, orderId: string, manager: EntityManager): Promise<void> {
    if (await manager.existsBy(DeactivatedUser, { userId })) return this.cancel(orderId);
    await manager.insert(OpenOrder, { orderId, userId });
  }

  private async onDeactivated(userId: string, manager: EntityManager): Promise<void> {
    await manager.insert(DeactivatedUser, { userId });
    const open = await manager.find(OpenOrder, { where: { userId }, order: { orderId: 'ASC' } });
    for (const { orderId } of open) await this.cancel(orderId);
  }

  /** An order that was paid or cancelled meanwhile stays as it is. */
  private async cancel(orderId: string): Promise<void> {
    await this.orders.update(orderId, (order) => {
      if (order.isOpen) order.cancel('The user was deactivated.');
    });
  }
}
