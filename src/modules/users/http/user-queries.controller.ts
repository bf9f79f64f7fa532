import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import type { Response } from 'express';
import { ReadsModel, Roles } from '../../../platform';
import { GetUserById } from '../application/get-user-by-id.query';
import { GetUserHistory } from '../application/get-user-history.query';
import { SearchUsers } from '../application/search-users.query';
import { fromCursor, toCursor } from './next-page';
import { SearchUsersQuery, UserHistoryQuery, UserPath } from './user-requests';
import { historyItem, userResponse } from './user-responses';

@Controller({ path: 'users', version: '1' })
export class UserQueriesController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @Roles('users:read')
  @ReadsModel('users')
  async search(@Query() { email, isActive, limit, cursor }: SearchUsersQuery) {
    const after = cursor === undefined ? undefined : fromCursor(cursor);
    const page = await this.queries.execute(new SearchUsers({ email, isActive, limit, after }));
    return {
      items: page.users.map(userResponse),
      nextCursor: page.next === undefined ? null : toCursor(page.next),
    };
  }

  /** `If-None-Match` is answered by the framework, from the `ETag` that is set here. */
  @Get(':userId')
  @Roles('users:read', 'users:self')
  @ReadsModel('users')
  async getById(@Param() { userId }: UserPath, @Res({ passthrough: true }) response: Response) {
    const user = await this.queries.execute(new GetUserById(userId));
    response.setHeader('ETag', `"${user.version}"`);
    return userResponse(user);
  }

  @Get(':userId/history')
  @Roles('users:read')
  async history(@Param() { userId }: UserPath, @Query() { after, limit }: UserHistoryQuery) {
    const { events, hasMore } = await this.queries.execute(new GetUserHistory(userId, after, limit));
    return { items: events.map(historyItem), nextAfter: hasMore ? (events.at(-1)?.version ?? null) : null };
  }
}
