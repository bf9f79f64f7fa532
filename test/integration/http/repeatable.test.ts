import { randomUUID } from 'node:crypto';
import { Controller, HttpCode, INestApplication, Module, Param, Post, Put, Res } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import type { NextFunction, Request, Response } from 'express';
import {
  EventRegistry,
  EventSourcedRepository,
  EventStore,
  runInMessageContext,
} from '../../../src/event-sourcing';
import { Aggregate, AggregateRoot, DomainEvent, On } from '../../../src/event-sourcing/domain';
import { acknowledge, type Acknowledged, Repeatable } from '../../../src/platform';
import { AllowedMethods } from '../../../src/platform/http/allowed-methods';
import { ProblemFilter } from '../../../src/platform/http/problem.filter';
import { ProblemsModule } from '../../../src/platform/http/problems.module';
import { startStore, StoreUnderTest } from '../event-store/postgres-store';

@DomainEvent('Counted')
class Counted {
  readonly by = 1;
}

@Aggregate('Counter')
class Counter extends AggregateRoot {
  count(): this {
    this.raise(new Counted());
    return this;
  }

  @On(Counted)
  protected onCounted(_event: Counted): void {
    return;
  }
}

function answer(response: Response, id: string, place: Acknowledged) {
  return { id, ...acknowledge(response, place) };
}

@Controller('counters')
@Repeatable(answer)
class CountersController {
  private readonly counters: EventSourcedRepository<Counter>;

  constructor(store: EventStore) {
    const registry = new EventRegistry();
    registry.register(Counted);
    this.counters = new EventSourcedRepository(Counter, store, registry);
  }

  @Post(':id')
  async open(@Param('id') id: string, @Res({ passthrough: true }) response: Response) {
    return answer(response, id, await this.counters.save(new Counter(id).count()));
  }

  @Put(':id')
  async count(@Param('id') id: string, @Res({ passthrough: true }) response: Response) {
    return answer(response, id, await this.counters.update(id, (counter) => void counter.count()));
  }

  /** A mistake: two appends in one request. */
  @Post(':id/twice')
  @HttpCode(200)
  async twice(@Param('id') id: string, @Res({ passthrough: true }) response: Response) {
    await this.counters.update(id, (counter) => void counter.count());
    return this.count(id, response);
  }
}

/** The caller is whoever the request says; authentication is not what is tested here. */
function asSaid(request: Request, _response: Response, next: NextFunction): void {
  runInMessageContext({ correlationId: randomUUID(), actor: request.get('X-Caller') ?? 'nobody' }, next);
}

describe('a controller whose commands are repeatable', () => {
  let test: StoreUnderTest;
  let application: INestApplication;
  let url: string;

  beforeAll(async () => {
    test = await startStore();
    @Module({
      imports: [ProblemsModule],
      controllers: [CountersController],
      providers: [
        AllowedMethods,
        { provide: EventStore, useValue: test.store },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
    })
    class CountersModule {}
    application = await NestFactory.create(CountersModule, { logger: false });
    application.use(asSaid);
    await application.listen(0, '127.0.0.1');
    url = await application.getUrl();
  });

  afterAll(async () => {
    await application.close();
    await test.close();
  });

  async function send(method: string, path: string, caller: string, key: string) {
    const response = await fetch(`${url}/counters/${path}`, {
      method,
      headers: { 'X-Caller': caller, 'Idempotency-Key': key },
    });
    const body = (await response.json()) as { readonly code?: string; readonly version?: number };
    return { status: response.status, isReplayed: response.headers.has('Idempotency-Replayed'), ...body };
  }

  async function countOf(id: string): Promise<number> {
    const { rowCount } = await test.sql.query('SELECT FROM annals.events WHERE aggregate_id = $1', [id]);
    return rowCount ?? 0;
  }

  it('never shows a caller the answer of another, whose key is the same', async () => {
    const id = randomUUID();
    const key = randomUUID();
    await send('POST', id, 'ada', randomUUID());
    expect(await send('PUT', id, 'ada', key)).toMatchObject({ version: 2, isReplayed: false });
    expect(await send('PUT', id, 'grace', key)).toMatchObject({ version: 3, isReplayed: false });
    expect(await send('PUT', id, 'ada', key)).toMatchObject({ version: 2, isReplayed: true });
    expect(await send('PUT', id, 'grace', key)).toMatchObject({ version: 3, isReplayed: true });
    expect(await countOf(id)).toBe(3);
  });

  it('does not tell a caller that the key of another is in use for another request', async () => {
    const [one, other, key] = [randomUUID(), randomUUID(), randomUUID()];
    expect(await send('POST', one, 'ada', key)).toMatchObject({ status: 201 });
    expect(await send('POST', other, 'grace', key)).toMatchObject({ status: 201, isReplayed: false });
    const reused = { status: 422, code: 'idempotency-key-reused' };
    expect(await send('POST', other, 'ada', key)).toMatchObject(reused);
  });

  it('keeps a refusal to the caller who got it', async () => {
    const id = randomUUID();
    const key = randomUUID();
    await send('POST', id, 'ada', key);
    expect(await send('POST', id, 'grace', key)).toMatchObject({ status: 409, isReplayed: false });
    expect(await send('POST', id, 'grace', key)).toMatchObject({ status: 409, isReplayed: true });
    expect(await send('POST', id, 'ada', key)).toMatchObject({ status: 201, isReplayed: true });
  });

  it('fails a command that makes a second append, which no receipt could tell of', async () => {
    const id = randomUUID();
    await send('POST', id, 'ada', randomUUID());
    expect(await send('POST', `${id}/twice`, 'ada', randomUUID())).toMatchObject({ status: 500 });
    expect(await countOf(id)).toBe(2);
  });

  it('works without a key as ever', async () => {
    const id = randomUUID();
    await fetch(`${url}/counters/${id}`, { method: 'POST' });
    await fetch(`${url}/counters/${id}`, { method: 'PUT' });
    const again = await fetch(`${url}/counters/${id}`, { method: 'PUT' });
    expect([again.status, again.headers.has('Idempotency-Replayed')]).toEqual([200, false]);
    const { rowCount } = await test.sql.query("SELECT FROM annals.receipts WHERE caller = 'nobody'");
    expect(rowCount).toBe(0);
  });
});
