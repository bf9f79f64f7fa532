import { type AppendResult, newId } from '@annals/nestjs';
import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { CancelOrder } from './cancel-order.command.js';
import { GetOrder } from './get-order.query.js';
import type { OrderRow } from './orders.projector.js';
import { PlaceOrder } from './place-order.command.js';

interface Answer {
  readonly orderId: string;
  /** Of the event in the log. A text, as it may pass the whole numbers that JSON readers can keep. */
  readonly position: string;
}

@Controller('orders')
export class OrdersController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post()
  async place(
    @Body('userId') userId: string,
    @Body('cents') cents: number,
    @Body('orderId') orderId: string = newId(),
  ): Promise<Answer> {
    return answer(orderId, await this.commands.execute(new PlaceOrder(orderId, userId, cents)));
  }

  @Post(':orderId/cancellation')
  async cancel(@Param('orderId') orderId: string, @Body('reason') reason: string): Promise<Answer> {
    return answer(orderId, await this.commands.execute(new CancelOrder(orderId, reason)));
  }

  @Get(':orderId')
  async get(@Param('orderId') orderId: string, @Query('after') after = '0'): Promise<OrderRow> {
    return this.queries.execute(new GetOrder(orderId, BigInt(after)));
  }
}

function answer(orderId: string, { position }: AppendResult): Answer {
  return { orderId, position: String(position) };
}
