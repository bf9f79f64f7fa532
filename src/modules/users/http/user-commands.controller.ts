import { Body, Controller, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import { Command, CommandBus } from '@nestjs/cqrs';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { type AppendResult, newId } from '../../../event-sourcing';
import {
  acknowledge,
  type Acknowledged,
  ApiCommand,
  ApiCreate,
  IfMatch,
  OwnResource,
  Repeatable,
  Roles,
  routeOf,
  TellsOfOthers,
} from '../../../platform';
import { ChangeUserEmail } from '../application/change-user-email.command';
import { CreateUser } from '../application/create-user.command';
import { DeactivateUser } from '../application/deactivate-user.command';
import { ReactivateUser } from '../application/reactivate-user.command';
import { RenameUser } from '../application/rename-user.command';
import { CreateUserBody, EmailBody, EmptyBody, NameBody, UserPath } from './user-requests';
import { UserChanged } from './user-responses';
import { emailTaken, userAlreadyExists, userDeactivated, userNotFound, usersTag } from './user-schemas';

type IfVersion = readonly number[] | undefined;

/** The answer of every command, from where it left the user's stream; 201 is a new user. */
function userAnswer(response: Response, userId: string, place: Acknowledged) {
  if (response.statusCode === 201) response.setHeader('Location', `${routeOf(response.req)}/${userId}`);
  return { userId, ...acknowledge(response, place) };
}

@ApiTags(usersTag.name)
@Controller({ path: 'users', version: '1' })
@Repeatable(userAnswer)
export class UserCommandsController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  @Roles('users:write')
  @ApiCreate('createUser', {
    summary: 'Create a user',
    answer: UserChanged,
    says: 'The user is created.',
    problems: [userAlreadyExists, emailTaken],
  })
  create(@Body() body: CreateUserBody, @Res({ passthrough: true }) response: Response): Promise<UserChanged> {
    const userId = body.userId ?? newId();
    return this.execute(new CreateUser(userId, body.name, body.email), userId, response);
  }

  @Put(':userId/name')
  @Roles('users:write', 'users:self')
  @OwnResource('userId')
  @ApiCommand('renameUser', {
    summary: 'Rename a user',
    answer: UserChanged,
    says: 'The user has this name.',
    problems: [userNotFound, userDeactivated],
  })
  rename(
    @Param() { userId }: UserPath,
    @Body() { name }: NameBody,
    @IfMatch() ifVersion: IfVersion,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.execute(new RenameUser(userId, name, ifVersion), userId, response);
  }

  @TellsOfOthers()
  @Put(':userId/email')
  @Roles('users:write', 'users:self')
  @OwnResource('userId')
  @ApiCommand('changeUserEmail', {
    summary: 'Change the e-mail address of a user',
    answer: UserChanged,
    says: 'The user has this address. The old one is free again.',
    problems: [userNotFound, userDeactivated, emailTaken],
  })
  changeEmail(
    @Param() { userId }: UserPath,
    @Body() { email }: EmailBody,
    @IfMatch() ifVersion: IfVersion,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.execute(new ChangeUserEmail(userId, email, ifVersion), userId, response);
  }

  @Post(':userId/deactivate')
  @Roles('users:write')
  @HttpCode(200)
  @ApiBody({ type: EmptyBody, required: false })
  @ApiCommand('deactivateUser', {
    summary: 'Deactivate a user',
    answer: UserChanged,
    says: 'The user is deactivated, and keeps the address.',
    problems: [userNotFound],
  })
  deactivate(
    @Param() { userId }: UserPath,
    @Body() _body: EmptyBody,
    @IfMatch() ifVersion: IfVersion,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.execute(new DeactivateUser(userId, ifVersion), userId, response);
  }

  @Post(':userId/reactivate')
  @Roles('users:write')
  @HttpCode(200)
  @ApiBody({ type: EmptyBody, required: false })
  @ApiCommand('reactivateUser', {
    summary: 'Reactivate a user',
    answer: UserChanged,
    says: 'The user is active.',
    problems: [userNotFound],
  })
  reactivate(
    @Param() { userId }: UserPath,
    @Body() _body: EmptyBody,
    @IfMatch() ifVersion: IfVersion,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.execute(new ReactivateUser(userId, ifVersion), userId, response);
  }

  private async execute(
    command: Command<AppendResult>,
    userId: string,
    response: Response,
  ): Promise<UserChanged> {
    return userAnswer(response, userId, await this.commands.execute(command));
  }
}
