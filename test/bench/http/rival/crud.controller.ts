import {
  Body,
  ConflictException,
  Controller,
  Get,
  Inject,
  NotFoundException,
  Param,
  Post,
} from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { QueryFailedError, Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { CreateUserBody, UserPath } from '../../../../src/modules/users/http/user-requests';
import { CrudUser } from './tables';
import { type CrudWrites, writeUser } from './write-user';

export const WRITES = Symbol('how users are written');

/** The same two routes as those of the service, with rows in the place of events. */
@Controller('v1/users')
export class CrudController {
  constructor(
    @InjectRepository(CrudUser) private readonly users: Repository<CrudUser>,
    @Inject(WRITES) private readonly writes: CrudWrites,
  ) {}

  @Post()
  async create(@Body() { userId = uuidv7(), name, email }: CreateUserBody) {
    const at = new Date();
    const user = this.users.create({
      userId,
      name: name.trim(),
      email: email.toLowerCase(),
      isActive: true,
      createdAt: at,
      updatedAt: at,
      version: 1,
    });
    try {
      await writeUser[this.writes](this.users.manager, user);
    } catch (error) {
      if (isTaken(error)) throw new ConflictException('The address or the id is taken.');
      throw error;
    }
    return { userId, version: 1 };
  }

  @Get(':userId')
  async getById(@Param() { userId }: UserPath): Promise<CrudUser> {
    const user = await this.users.findOneBy({ userId });
    if (!user) throw new NotFoundException('There is no such user.');
    return user;
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof QueryFailedError && (error.driverError as { code?: string }).code === '23505';
}
