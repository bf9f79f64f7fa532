import { Controller, Get, Param, Query } from '@nestjs/common';
import { EventStore, RecordedEvent } from '../../event-sourcing';
import { Roles } from '../auth/access';
import { EventsQuery, StreamPath, StreamQuery } from './admin-requests';
import { eventResponse } from './admin-responses';

/** The log, raw. */
@Roles('admin')
@Controller({ path: 'admin', version: '1' })
export class LogController {
  constructor(private readonly store: EventStore) {}

  @Get('streams/:type/:id')
  async stream(@Param() stream: StreamPath, @Query() { after, limit }: StreamQuery) {
    const events: RecordedEvent[] = [];
    for await (const event of this.store.readStream({ ...stream }, { after, limit: limit + 1 }))
      events.push(event);
    const items = events.slice(0, limit);
    return {
      items: items.map(eventResponse),
      nextAfter: events.length > limit ? (items.at(-1)?.version ?? null) : null,
    };
  }

  /** A page of the log; with `type`, those of the page that have it, so that it may be short, or empty, before the end. */
  @Get('events')
  async events(@Query() { after, limit, type }: EventsQuery) {
    const page = await this.store.readAll({ after: BigInt(after), limit });
    const items = page.filter((event) => type === undefined || event.type === type);
    return {
      items: items.map(eventResponse),
      nextAfter: page.length < limit ? null : String(page.at(-1)?.position),
    };
  }
}
