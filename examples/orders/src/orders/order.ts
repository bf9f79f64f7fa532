import { Aggregate, AggregateRoot, DomainError, DomainEvent, On } from '@annals/nestjs/domain';

@DomainEvent('OrderPlaced')
export class OrderPlaced {
  constructor(
    readonly userId: string,
    readonly cents: number,
  ) {}
}

@DomainEvent('OrderPaid')
export class OrderPaid {
  constructor(readonly receipt: string) {}
}

@DomainEvent('PaymentDeclined')
export class PaymentDeclined {
  constructor(readonly reason: string) {}
}

@DomainEvent('OrderCancelled')
export class OrderCancelled {
  constructor(readonly reason: string) {}
}

export class InvalidAmountError extends DomainError {
  readonly code = 'order.invalid-amount';
  override readonly kind = 'invalid';
}

export class OrderNotOpenError extends DomainError {
  readonly code = 'order.not-open';
}

@Aggregate('Order')
export class Order extends AggregateRoot {
  private state: 'open' | 'paid' | 'cancelled' = 'open';

  static place(id: string, userId: string, cents: number): Order {
    if (!Number.isSafeInteger(cents) || cents <= 0)
      throw new InvalidAmountError('The amount must be a whole number of cents, 1 or more.');
    const order = new Order(id);
    order.raise(new OrderPlaced(userId, cents));
    return order;
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  pay(receipt: string): void {
    this.assertOpen();
    this.raise(new OrderPaid(receipt));
  }

  /** The order stays open: the user may pay in another way. */
  declinePayment(reason: string): void {
    this.assertOpen();
    this.raise(new PaymentDeclined(reason));
  }

  cancel(reason: string): void {
    this.assertOpen();
    this.raise(new OrderCancelled(reason));
  }

  private assertOpen(): void {
    if (!this.isOpen) throw new OrderNotOpenError(`The order is ${this.state}.`);
  }

  @On(OrderPlaced)
  protected onPlaced(_event: OrderPlaced): void {}

  @On(OrderPaid)
  protected onPaid(_event: OrderPaid): void {
    this.state = 'paid';
  }

  @On(PaymentDeclined)
  protected onPaymentDeclined(_event: PaymentDeclined): void {}

  @On(OrderCancelled)
  protected onCancelled(_event: OrderCancelled): void {
    this.state = 'cancelled';
  }
}
