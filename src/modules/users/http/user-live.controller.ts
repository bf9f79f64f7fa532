import { Controller, Get, Param, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { LiveLog } from '../../../extensions/live';
import {
  ApiEventStream,
  EventStreams,
  LastEventId,
  OwnResource,
  positionOfAnotherEra,
  Roles,
} from '../../../platform';
import { GetUserHistory } from '../application/get-user-history.query';
import { UserPath } from './user-requests';
import { HistoryItem, historyItem } from './user-responses';
import { userNotFound, usersTag } from './user-schemas';

/** What happens to a user, as it happens. */
@ApiTags(usersTag.name)
@Controller({ path: 'users', version: '1' })
export class UserLiveController {
  constructor(
    private readonly queries: QueryBus,
    private readonly live: LiveLog,
    private readonly streams: EventStreams,
  ) {}

  @Get(':userId/live')
  @Roles('users:read', 'users:self')
  @OwnResource('userId')
  @ApiEventStream('followUser', {
    summary: 'Follow the events of a user as they happen',
    answer: HistoryItem,
    says: 'Events of the user, each as soon as it is appended.',
    problems: [userNotFound, positionOfAnotherEra],
  })
  async follow(
    @Param() { userId }: UserPath,
    @LastEventId() lastEventId: bigint | undefined,
    @Res() response: Response,
  ): Promise<void> {
    await this.queries.execute(new GetUserHistory(userId, 0, 1));
    const after = await this.live.startOf(lastEventId);
    const user = { type: 'User', id: userId };
    await this.streams.serve(response, (signal) =>
      this.live.followStream(user, { after, signal }, historyItem),
    );
  }
}
