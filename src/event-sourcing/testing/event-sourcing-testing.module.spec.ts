import { Controller, Injectable, Module } from '@nestjs/common';
import {
  Command,
  CommandBus,
  CommandHandler,
  CqrsModule,
  EventsHandler,
  type IEvent,
  type IEventHandler,
  ofType,
  Saga,
} from '@nestjs/cqrs';
import { Test, TestingModule } from '@nestjs/testing';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { map, type Observable } from 'rxjs';
import { Column, Entity, PrimaryColumn, Repository } from 'typeorm';
import {
  type AppendResult,
  DurableEventsHandler,
  EventSourcedRepository,
  EventSourcingModule,
  type HandlerContext,
  InjectAggregate,
  type ProjectionContext,
  Projector,
} from '..';
import { Aggregate, AggregateRoot, DomainEvent, On } from '../domain';
import { EventDelivery, EventSourcingTestingModule } from '.';

@DomainEvent('OrderPlaced')
class OrderPlaced {}

@DomainEvent('OrderPaid')
class OrderPaid {}

@DomainEvent('OrderShipped')
class OrderShipped {}

@Aggregate('Order')
class Order extends AggregateRoot {
  private isShipped = false;

  static place(id: string): Order {
    const order = new Order(id);
    order.raise(new OrderPlaced());
    return order;
  }

  pay(): void {
    this.raise(new OrderPaid());
  }

  ship(): void {
    if (!this.isShipped) this.raise(new OrderShipped());
  }

  @On(OrderPlaced)
  protected onPlaced(): void {}

  @On(OrderPaid)
  protected onPaid(): void {}

  @On(OrderShipped)
  protected onShipped(): void {
    this.isShipped = true;
  }
}

class PlaceOrder extends Command<AppendResult> {
  constructor(readonly orderId: string) {
    super();
  }
}

@CommandHandler(PlaceOrder)
class PlaceOrderHandler {
  constructor(@InjectAggregate(Order) private readonly orders: EventSourcedRepository<Order>) {}

  execute({ orderId }: PlaceOrder): Promise<AppendResult> {
    return this.orders.save(Order.place(orderId));
  }
}

class ShipOrder extends Command<AppendResult> {
  constructor(readonly orderId: string) {
    super();
  }
}

@CommandHandler(ShipOrder)
class ShipOrderHandler {
  constructor(@InjectAggregate(Order) private readonly orders: EventSourcedRepository<Order>) {}

  execute({ orderId }: ShipOrder): Promise<AppendResult> {
    return this.orders.update(orderId, (order) => order.ship());
  }
}

/** Notes what was handled, some of it after a while. */
@Injectable()
class Diary {
  readonly lines: string[] = [];
  failing = '';

  async note(line: string): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    if (line === this.failing) throw new Error(`The diary is full at ${line}.`);
    this.lines.push(line);
  }
}

@DurableEventsHandler('payment', OrderPlaced)
class PayOrder {
  constructor(
    @InjectAggregate(Order) private readonly orders: EventSourcedRepository<Order>,
    private readonly diary: Diary,
  ) {}

  async handle(_event: OrderPlaced, { recorded }: HandlerContext): Promise<void> {
    await this.orders.update(recorded.stream.id, (order) => order.pay());
    await this.diary.note(`paid ${recorded.stream.id}`);
  }
}

@EventsHandler(OrderShipped)
class AnnounceShipment implements IEventHandler<OrderShipped> {
  constructor(private readonly diary: Diary) {}

  handle(): Promise<void> {
    return this.diary.note('shipped');
  }
}

@Injectable()
class ShipWhenPaid {
  /** The bus gives a saga the event alone; a process of one order is enough here. */
  @Saga()
  readonly ship = (events: Observable<IEvent>): Observable<ShipOrder> =>
    events.pipe(
      ofType(OrderPaid),
      map(() => new ShipOrder('o-1')),
    );
}

@Entity('orders')
class OrderEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  state!: string;
}

@Projector('orders', { version: 1, entities: [OrderEntity] })
class OrdersProjector {
  @On(OrderPlaced)
  onPlaced(_event: OrderPlaced, { rows, recorded }: ProjectionContext): void {
    rows(OrderEntity).insert({ id: recorded.stream.id, state: 'placed' });
  }
}

@Controller('orders')
class OrdersController {
  constructor(
    readonly commands: CommandBus,
    @InjectRepository(OrderEntity) readonly orders: Repository<OrderEntity>,
  ) {}
}

/** The feature of an application, as it stands in production. */
@Module({
  imports: [
    TypeOrmModule.forFeature([OrderEntity]),
    EventSourcingModule.forFeature({ aggregates: [Order], projectors: [OrdersProjector] }),
  ],
  controllers: [OrdersController],
  providers: [PlaceOrderHandler, ShipOrderHandler, PayOrder, AnnounceShipment, ShipWhenPaid, Diary],
  exports: [Diary],
})
class OrdersModule {}

describe('the testing module', () => {
  let application: TestingModule;

  beforeEach(async () => {
    application = await Test.createTestingModule({
      imports: [EventSourcingTestingModule.forRoot(), OrdersModule],
    }).compile();
    application.useLogger(false);
    await application.init();
  });

  afterEach(() => application.close());

  const place = (id: string): Promise<AppendResult> =>
    application.get(CommandBus).execute(new PlaceOrder(id));
  const settle = (): Promise<void> => application.get(EventDelivery).settle();
  const diary = (): Diary => application.get(Diary, { strict: false });

  it('carries a feature with its commands, without a database', async () => {
    expect(await place('o-1')).toEqual({ version: 1, position: 1n });
    await expect(place('o-1')).rejects.toThrow('o-1');
  });

  it('hands nothing over before it is asked', async () => {
    await place('o-1');
    expect(diary().lines).toEqual([]);
  });

  it('waits for durable handlers, for handlers on the event bus, for sagas, and for what they lead to', async () => {
    await place('o-1');
    await settle();
    expect(diary().lines).toEqual(['paid o-1', 'shipped']);
  });

  it('hands every event over once', async () => {
    await place('o-1');
    await settle();
    await settle();
    expect(diary().lines).toEqual(['paid o-1', 'shipped']);
  });

  it('tells which durable handler has failed, and on which event', async () => {
    diary().failing = 'paid o-1';
    await place('o-1');
    await expect(settle()).rejects.toThrow(
      '"payment" failed on event 1 (OrderPlaced): The diary is full at paid o-1.',
    );
    await settle();
    expect(diary().lines).toEqual(['shipped']);
  });

  it('tells of a handler on the event bus that has failed', async () => {
    diary().failing = 'shipped';
    await place('o-1');
    await expect(settle()).rejects.toThrow('The diary is full at shipped.');
  });

  it('fails where the test reads a table, and the message says that there is none', async () => {
    const { orders } = application.get(OrdersController, { strict: false });
    await expect(orders.find()).rejects.toThrow();
  });
});

describe('the testing module beside buses of the application', () => {
  it('waits for the handlers on them', async () => {
    const application = await Test.createTestingModule({
      imports: [CqrsModule.forRoot(), EventSourcingTestingModule.forRoot(), OrdersModule],
    }).compile();
    await application.init();
    await application.get(CommandBus, { strict: false }).execute(new PlaceOrder('o-1'));
    await application.get(EventDelivery).settle();
    expect(application.get(Diary, { strict: false }).lines).toEqual(['paid o-1', 'shipped']);
    await application.close();
  });
});
