import { Body, Controller, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import { Command, CommandBus } from '@nestjs/cqrs';
import type { Response } from 'express';
import { type AppendResult, newId } from '../../../event-sourcing';
import { acknowledge, type Acknowledged, IfMatch, Repeatable, Roles } from '../../../platform';
import { ChangeUserEmail } from '../application/change-user-email.command';
import { CreateUser } from '../application/create-user.command';
import { DeactivateUser } from '../application/deactivate-user.command';
import { ReactivateUser } from '../application/reactivate-user.command';
import { RenameUser } from '../application/rename-user.command';
import { CreateUserBody, EmailBody, EmptyBody, NameBody, UserPath } from './user-requests';

type IfVersion = readonly number[] | undefined;

/** The answer of every command, from where it left the user's stream; 201 is a new user. */
function userAnswer(response: Response, userId: string, place: Acknowledged) {
  if (response.statusCode === 201) response.setHeader('Location', `/v1/users/${userId}`);
  return { userId, ...acknowledge(response, place) };
}

@Controller({ path: 'users', version: '1' })
@Repeatable(userAnswer)
export class UserCommandsController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  @Roles('users:write')
  create(@Body() body: CreateUserBody, @Res({ passthrough: true }) response: Response) {
    const userId = body.userId ?? newId();
    return this.execute(new CreateUser(userId, body.name, body.email), userId, response);
  }

  @Put(':userId/name')
  @Roles('users:write', 'users:self')
  rename(
    @Param() { userId }: UserPath,
    @Body() { name }: NameBody,
    @IfMatch() ifVersion: IfVersion,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.execute(new RenameUser(userId, name, ifVersion), userId, response);
  }

  @Put(':userId/email')
  @Roles('users:write', 'users:self')
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
  reactivate(
    @Param() { userId }: UserPath,
    @Body() _body: EmptyBody,
    @IfMatch() ifVersion: IfVersion,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.execute(new ReactivateUser(userId, ifVersion), userId, response);
  }

  private async execute(command: Command<AppendResult>, userId: string, response: Response) {
    return userAnswer(response, userId, await this.commands.execute(command));
  }
}
