import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiConditionalQuery, ApiRoute, OwnResource, ReadsModel, Roles } from '../../../platform';
import { GetUserById } from '../application/get-user-by-id.query';
import { GetUserHistory } from '../application/get-user-history.query';
import { SearchUsers } from '../application/search-users.query';
import { fromCursor, toCursor } from './next-page';
import { SearchUsersQuery, UserHistoryQuery, UserPath } from './user-requests';
import {
  historyItem,
  UserHistoryResponse,
  UserListResponse,
  UserResponse,
  userResponse,
} from './user-responses';
import { userNotFound, usersTag } from './user-schemas';

@ApiTags(usersTag.name)
@Controller({ path: 'users', version: '1' })
export class UserQueriesController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @Roles('users:read')
  @ApiRoute('searchUsers', {
    summary: 'List or search users',
    answer: UserListResponse,
    says: 'A page of users.',
  })
  @ReadsModel('users')
  async search(@Query() { email, isActive, limit, cursor }: SearchUsersQuery): Promise<UserListResponse> {
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
  @OwnResource('userId')
  @ApiConditionalQuery('getUser', {
    summary: 'Get a user',
    answer: UserResponse,
    says: 'The user as the read model has it.',
    problems: [userNotFound],
  })
  @ReadsModel('users')
  async getById(
    @Param() { userId }: UserPath,
    @Res({ passthrough: true }) response: Response,
  ): Promise<UserResponse> {
    const user = await this.queries.execute(new GetUserById(userId));
    response.setHeader('ETag', `"${user.version}"`);
    return userResponse(user);
  }

  @Get(':userId/history')
  @Roles('users:read')
  @ApiRoute('getUserHistory', {
    summary: 'Get the events of a user',
    description: 'From the log itself: never stale.',
    answer: UserHistoryResponse,
    says: 'A page of events.',
    problems: [userNotFound],
  })
  async history(
    @Param() { userId }: UserPath,
    @Query() { after, limit }: UserHistoryQuery,
  ): Promise<UserHistoryResponse> {
    const { events, hasMore } = await this.queries.execute(new GetUserHistory(userId, after, limit));
    return { items: events.map(historyItem), nextAfter: hasMore ? (events.at(-1)?.version ?? null) : null };
  }
}
