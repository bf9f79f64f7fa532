import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AggregateStates, EventRegistry, EventStore, RecordedEvent } from '../../event-sourcing';
import { Roles, ApiRoute, notFound } from '../../platform';
import { adminTag } from './admin-tag';
import { EventsQuery, StatesQuery, StreamPath, StreamQuery } from './admin-requests';
import { EventListResponse, eventResponse, StreamResponse } from './admin-responses';
import { StateListResponse, statesResponse } from './state-responses';

/** The log, raw. */
@Roles('admin:read')
@ApiTags(adminTag.name)
@Controller({ path: 'admin', version: '1' })
export class LogController {
  constructor(
    private readonly store: EventStore,
    private readonly aggregateStates: AggregateStates,
    private readonly registry: EventRegistry,
  ) {}

  @Get('streams/:type/:id')
  @ApiRoute('readStream', {
    summary: 'Read the events of a stream, raw',
    answer: StreamResponse,
    says: 'A page of events.',
  })
  async stream(@Param() stream: StreamPath, @Query() { after, limit }: StreamQuery): Promise<StreamResponse> {
    const events: RecordedEvent[] = [];
    for await (const event of this.store.readStream({ ...stream }, { after, limit: limit + 1 }))
      events.push(event);
    const items = events.slice(0, limit);
    return {
      items: items.map(eventResponse),
      nextAfter: events.length > limit ? (items.at(-1)?.version ?? null) : null,
    };
  }

  @Get('streams/:type/:id/states')
  @ApiRoute('readStates', {
    summary: 'Read the states of an aggregate',
    description:
      'The aggregate as it stood behind each of its events, as the code of today reads them. A page has at most 100 states, and fewer where they are large.',
    answer: StateListResponse,
    says: 'A page of states.',
    problems: [notFound],
  })
  async states(
    @Param() stream: StreamPath,
    @Query() { from, to = from + 19 }: StatesQuery,
  ): Promise<StateListResponse> {
    return statesResponse(await this.aggregateStates.between({ ...stream }, { from, to }));
  }

  /** A page of the log; with `type`, those of the page that have it, so that it may be short, or empty, before the end. */
  @Get('events')
  @ApiRoute('readLog', {
    summary: 'Read the log, raw',
    answer: EventListResponse,
    says: 'A page of the log.',
  })
  async events(@Query() { after, limit, type }: EventsQuery): Promise<EventListResponse> {
    const page = await this.store.readAll({ after: BigInt(after), limit });
    const names = type === undefined ? undefined : this.registry.namesOf(type);
    const items = page.filter((event) => !names || names.includes(event.type));
    return {
      items: items.map(eventResponse),
      nextAfter: await this.nextAfter(page, limit),
    };
  }

  /** A page of large events is short before the end of the log, too. */
  private async nextAfter(page: readonly RecordedEvent[], limit: number): Promise<string | null> {
    const last = page.at(-1)?.position;
    if (last === undefined) return null;
    return page.length === limit || last < (await this.store.head()) ? String(last) : null;
  }
}
