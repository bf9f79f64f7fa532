import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { EventRegistry, type RecordedEvent, type StreamId } from '../../event-sourcing';
import { LiveLog } from '../../extensions/live';
import { ApiEventStream, EventStreams, LastEventId, positionOfAnotherEra, Roles } from '../../platform';
import { LiveQuery } from './admin-requests';
import { EventResponse, eventResponse } from './admin-responses';
import { adminTag } from './admin-tag';

/** The log as it grows. */
@ApiTags(adminTag.name)
@Controller({ path: 'admin/events/live', version: '1' })
export class LiveController {
  constructor(
    private readonly live: LiveLog,
    private readonly streams: EventStreams,
    private readonly registry: EventRegistry,
  ) {}

  @Get()
  @Roles('admin:read')
  @ApiEventStream('followLog', {
    summary: 'Follow the log as it grows',
    answer: EventResponse,
    says: 'Events, each as soon as it is appended.',
    problems: [positionOfAnotherEra],
  })
  async follow(
    @Query() { type, stream }: LiveQuery,
    @LastEventId() lastEventId: bigint | undefined,
    @Res() response: Response,
  ): Promise<void> {
    const after = await this.live.startOf(lastEventId);
    const names = type === undefined ? undefined : this.registry.namesOf(type);
    const tell = (event: RecordedEvent) =>
      !names || names.includes(event.type) ? eventResponse(event) : undefined;
    await this.streams.serve(response, (signal) =>
      stream === undefined
        ? this.live.follow({ after, signal }, tell)
        : this.live.followStream(streamOf(stream), { after, signal }, tell),
    );
  }
}

/** The type has no slash; an id may have some. */
function streamOf(text: string): StreamId {
  const slash = text.indexOf('/');
  return { type: text.slice(0, slash), id: text.slice(slash + 1) };
}
