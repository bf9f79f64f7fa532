import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { Rebuilds, SubscriptionControl, SubscriptionStatuses } from '../../event-sourcing';
import { Roles } from '../auth/access';
import { DiscardBody, PageQuery, ParkedPath, SubscriptionPath } from './admin-requests';
import { parkedResponse, statusResponse } from './admin-responses';

/** What an operator sees of the subscriptions, and does to them. */
@Roles('admin')
@Controller({ path: 'admin/subscriptions', version: '1' })
export class SubscriptionsController {
  constructor(
    private readonly statuses: SubscriptionStatuses,
    private readonly control: SubscriptionControl,
    private readonly rebuilds: Rebuilds,
  ) {}

  @Get()
  async list() {
    return { items: (await this.statuses.all()).map(statusResponse) };
  }

  /** The rows are made anew beside those that are read; a process that runs subscriptions carries it out. */
  @Post(':name/rebuild')
  @HttpCode(202)
  async rebuild(@Param() { name }: SubscriptionPath) {
    await this.rebuilds.request(name);
    return { name };
  }

  @Post(':name/pause')
  @HttpCode(202)
  async pause(@Param() { name }: SubscriptionPath) {
    return { name, changed: await this.control.pause(name) };
  }

  @Post(':name/resume')
  @HttpCode(202)
  async resume(@Param() { name }: SubscriptionPath) {
    return { name, changed: await this.control.resume(name) };
  }

  @Get(':name/parked')
  async parked(@Param() { name }: SubscriptionPath, @Query() { after, limit }: PageQuery) {
    const items = await this.control.parked(name, BigInt(after), limit);
    return {
      items: items.map(parkedResponse),
      nextAfter: items.length < limit ? null : String(items.at(-1)?.position),
    };
  }

  @Post(':name/parked/:position/retry')
  @HttpCode(202)
  async retry(@Param() { name, position }: ParkedPath) {
    await this.control.retry(name, BigInt(position));
    return { name, position };
  }

  @Post(':name/parked/:position/discard')
  @HttpCode(202)
  async discard(@Param() { name, position }: ParkedPath, @Body() { reason }: DiscardBody) {
    await this.control.discard(name, BigInt(position), reason);
    return { name, position };
  }
}
