import { type ProjectionContext, Projector } from '@annals/nestjs';
import { On } from '@annals/nestjs/domain';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { OrderCancelled, OrderPaid, OrderPlaced, PaymentDeclined } from './order.js';

@Entity('orders')
export class OrderRow {
  @PrimaryColumn('text', { name: 'order_id' })
  orderId!: string;

  @Column('text', { name: 'user_id' })
  userId!: string;

  @Column('integer')
  cents!: number;

  @Column('text')
  state!: string;

  @Column('text', { nullable: true })
  reason!: string | null;
}

@Projector('orders', { version: 1, entities: [OrderRow] })
export class OrdersProjector {
  @On(OrderPlaced)
  onPlaced({ userId, cents }: OrderPlaced, { rows, recorded }: ProjectionContext): void {
    rows(OrderRow).insert({ orderId: recorded.stream.id, userId, cents, state: 'open', reason: null });
  }

  @On(OrderPaid)
  onPaid(_event: OrderPaid, { rows, recorded }: ProjectionContext): void {
    rows(OrderRow).update(recorded.stream.id, { state: 'paid', reason: null });
  }

  @On(PaymentDeclined)
  onPaymentDeclined({ reason }: PaymentDeclined, { rows, recorded }: ProjectionContext): void {
    rows(OrderRow).update(recorded.stream.id, { reason });
  }

  @On(OrderCancelled)
  onCancelled({ reason }: OrderCancelled, { rows, recorded }: ProjectionContext): void {
    rows(OrderRow).update(recorded.stream.id, { state: 'cancelled', reason });
  }
}
