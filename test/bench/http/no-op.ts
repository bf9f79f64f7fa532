import 'reflect-metadata';
import { Body, Controller, Get, Module, Param, Post, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CreateUserBody, UserPath } from '../../../src/modules/users/http/user-requests';

/** Validates as this project does, and answers what it would, without doing anything. */
@Controller('v1/users')
class NoOpController {
  @Post()
  create(@Body() { name, email }: CreateUserBody) {
    return { userId: name && email ? '0190f0a0-0000-7000-8000-000000000000' : '', version: 1, position: '1' };
  }

  @Get(':userId')
  getById(@Param() { userId }: UserPath) {
    const at = '2026-01-01T00:00:00.000Z';
    const [name, email] = ['Ada Lovelace', 'ada@example.com'];
    return { userId, name, email, isActive: true, createdAt: at, updatedAt: at, version: 1 };
  }
}

@Module({ controllers: [NoOpController] })
class NoOpModule {}

/** The unit of the HTTP figures: Nest and Express as they come, in a process of their own. */
async function start(): Promise<void> {
  const application = await NestFactory.create(NoOpModule, { logger: false });
  application.useGlobalPipes(
    new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }),
  );
  await application.listen(Number(process.env.PORT), '127.0.0.1');
}

start().catch((error: Error) => {
  console.error(error.stack);
  process.exit(1);
});
