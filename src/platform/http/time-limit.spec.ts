import { setTimeout as delay } from 'node:timers/promises';
import { Controller, Get, INestApplication, Module, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Response } from 'express';
import { AllowedMethods } from './allowed-methods';
import { ProblemFilter } from './problem.filter';
import { ProblemsModule } from './problems.module';
import { timeLimit } from './time-limit';

const timeoutMs = 100;

@Controller()
class SlowController {
  @Get('answer')
  async answer() {
    await delay(3 * timeoutMs);
    return 'late';
  }

  @Get('download')
  async download(@Res() response: Response) {
    response.write('first, ');
    await delay(3 * timeoutMs);
    response.end('last');
  }
}

@Module({
  controllers: [SlowController],
  imports: [ProblemsModule],
  providers: [AllowedMethods, ProblemFilter],
})
class SlowModule {}

describe('a request that takes longer than it may', () => {
  let application: INestApplication;
  let url: string;
  beforeAll(async () => {
    application = await NestFactory.create(SlowModule, { logger: false });
    application.use(timeLimit(timeoutMs, application.get(ProblemFilter)));
    await application.listen(0, '127.0.0.1');
    url = await application.getUrl();
  });
  afterAll(() => application.close());

  it('is answered with 503, and once', async () => {
    const response = await fetch(`${url}/answer`);
    expect([response.status, await response.json()]).toEqual([
      503,
      expect.objectContaining({ code: 'unavailable' }),
    ]);
    await delay(3 * timeoutMs);
  });

  it('is not cut off when its answer is on the way', async () => {
    const response = await fetch(`${url}/download`);
    expect([response.status, await response.text()]).toEqual([200, 'first, last']);
  });
});
