import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { LiveLog } from '../../extensions/live';
import { ApiRoute, Compressed, Draining, positionOfAnotherEra, prolongRequest, Roles } from '../../platform';
import { FeedQuery } from './feed-requests';
import { FeedResponse, feedResponse } from './feed-responses';
import { feedTag } from './feed-tag';

/** How much longer than it waits a request may take, in milliseconds: to read a page, and to send it. */
const beyondWaitMs = 15_000;

/** The log for readers on other machines, which have no connection to its database. */
@ApiTags(feedTag.name)
@Controller({ path: 'feed', version: '1' })
export class FeedController {
  constructor(
    private readonly live: LiveLog,
    private readonly draining: Draining,
  ) {}

  @Get()
  @Roles('feed:read')
  @Compressed()
  @ApiRoute('readFeed', {
    summary: 'Read the log, and wait for what is appended',
    description: 'A page as soon as there is an event behind `after`; an empty one when `wait` is over.',
    answer: FeedResponse,
    says: 'A page of the log.',
    problems: [positionOfAnotherEra],
  })
  async read(
    @Query() { after, limit, wait }: FeedQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<FeedResponse> {
    const from = await this.live.startOf(BigInt(after));
    const milliseconds = wait * 1_000;
    prolongRequest(response.req, milliseconds + beyondWaitMs);
    const signal = AbortSignal.any([this.draining.ending, AbortSignal.timeout(milliseconds), left(response)]);
    const events = await this.live.next({ after: from, signal }, limit);
    return feedResponse(events, from, await this.live.head());
  }
}

function left(response: Response): AbortSignal {
  const leaving = new AbortController();
  response.once('close', () => leaving.abort());
  return leaving.signal;
}
