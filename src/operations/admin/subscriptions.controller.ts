import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { Rebuilds, SubscriptionControl, SubscriptionStatuses } from '../../event-sourcing';
import { Roles, ApiRoute, notFound, rebuildInProgress, rebuildRefused } from '../../platform';
import { ApiTags } from '@nestjs/swagger';
import { adminTag } from './admin-tag';
import { DiscardBody, PageQuery, ParkedPath, SubscriptionPath } from './admin-requests';
import {
  ParkedEventChanged,
  ParkedEventListResponse,
  parkedResponse,
  RebuildOrdered,
  statusResponse,
  SubscriptionChanged,
  SubscriptionListResponse,
} from './admin-responses';

const pausedOrResumed = { answer: SubscriptionChanged, status: 202, problems: [notFound] };
const retriedOrDiscarded = { answer: ParkedEventChanged, status: 202, problems: [notFound] };

/** What an operator sees of the subscriptions, and does to them. */
@Roles('admin')
@ApiTags(adminTag.name)
@Controller({ path: 'admin/subscriptions', version: '1' })
export class SubscriptionsController {
  constructor(
    private readonly statuses: SubscriptionStatuses,
    private readonly control: SubscriptionControl,
    private readonly rebuilds: Rebuilds,
  ) {}

  @Roles('admin:read')
  @Get()
  @ApiRoute('listSubscriptions', {
    summary: 'See how each subscription stands',
    answer: SubscriptionListResponse,
    says: 'Every subscription, by name.',
  })
  async list(): Promise<SubscriptionListResponse> {
    return { items: (await this.statuses.all()).map(statusResponse) };
  }

  /** The rows are rebuilt in shadow tables, by a process that runs subscriptions. */
  @Post(':name/rebuild')
  @HttpCode(202)
  @ApiRoute('rebuildProjection', {
    answer: RebuildOrdered,
    status: 202,
    problems: [notFound, rebuildInProgress, rebuildRefused],
    summary: 'Rebuild a read model',
    says: 'It is ordered; the status shows how far it is.',
  })
  async rebuild(@Param() { name }: SubscriptionPath): Promise<RebuildOrdered> {
    await this.rebuilds.request(name);
    return { name };
  }

  @Post(':name/pause')
  @HttpCode(202)
  @ApiRoute('pauseSubscription', {
    ...pausedOrResumed,
    summary: 'Let no process run a subscription',
    says: 'It is paused; who runs it ends with the batch in hand.',
  })
  async pause(@Param() { name }: SubscriptionPath): Promise<SubscriptionChanged> {
    return { name, changed: await this.control.pause(name) };
  }

  @Post(':name/resume')
  @HttpCode(202)
  @ApiRoute('resumeSubscription', {
    ...pausedOrResumed,
    summary: 'Let a paused subscription run again',
    says: 'It goes on from its checkpoint.',
  })
  async resume(@Param() { name }: SubscriptionPath): Promise<SubscriptionChanged> {
    return { name, changed: await this.control.resume(name) };
  }

  @Roles('admin:read')
  @Get(':name/parked')
  @ApiRoute('listParkedEvents', {
    summary: 'List the events that are set aside',
    answer: ParkedEventListResponse,
    says: 'A page of events.',
    problems: [notFound],
  })
  async parked(
    @Param() { name }: SubscriptionPath,
    @Query() { after, limit }: PageQuery,
  ): Promise<ParkedEventListResponse> {
    const items = await this.control.parked(name, BigInt(after), limit);
    return {
      items: items.map(parkedResponse),
      nextAfter: items.length < limit ? null : String(items.at(-1)?.position),
    };
  }

  @Post(':name/parked/:position/retry')
  @HttpCode(202)
  @ApiRoute('retryParkedEvent', {
    ...retriedOrDiscarded,
    summary: 'Try an event again, and then those of its stream behind it',
    says: 'It is tried again soon.',
  })
  async retry(@Param() { name, position }: ParkedPath): Promise<ParkedEventChanged> {
    await this.control.retry(name, BigInt(position));
    return { name, position };
  }

  @Post(':name/parked/:position/discard')
  @HttpCode(202)
  @ApiRoute('discardParkedEvent', {
    ...retriedOrDiscarded,
    summary: 'Give an event up',
    says: 'It is given up; the event, the reason and who gave it are kept.',
  })
  async discard(
    @Param() { name, position }: ParkedPath,
    @Body() { reason }: DiscardBody,
  ): Promise<ParkedEventChanged> {
    await this.control.discard(name, BigInt(position), reason);
    return { name, position };
  }
}
