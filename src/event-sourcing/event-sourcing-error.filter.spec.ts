import { Controller, Get, INestApplication, Logger, Post } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { Aggregate, AggregateRoot, DomainError, DomainEvent, On } from './domain';
import { EventStoreUnavailableError } from './event-store/errors';
import { EventRegistrationError } from './event-store/event-registry';
import type { AppendResult } from './event-store/event-store';
import { EventSourcingErrorFilter } from './event-sourcing-error.filter';
import { EventSourcingModule } from './event-sourcing.module';
import { EventSourcedRepository } from './repository/event-sourced-repository';
import { InjectAggregate } from './repository/inject-aggregate';

@DomainEvent('DoorOpened')
class DoorOpened {}

class DoorLockedError extends DomainError {
  readonly code = 'door.locked';
}

@Aggregate('Door')
class Door extends AggregateRoot {
  open(): this {
    this.raise(new DoorOpened());
    return this;
  }

  openLocked(): void {
    throw new DoorLockedError('The door is locked.');
  }

  @On(DoorOpened)
  protected onOpened(_event: DoorOpened): void {}
}

@Controller('doors')
class DoorsController {
  constructor(@InjectAggregate(Door) private readonly doors: EventSourcedRepository<Door>) {}

  @Post('saved')
  save(): Promise<AppendResult> {
    return this.doors.save(new Door('front').open());
  }

  @Post('updated')
  update(): Promise<AppendResult> {
    return this.doors.update('front', (door) => void door.open());
  }

  @Post('unchanged')
  leave(): Promise<AppendResult> {
    return this.doors.update('front', () => undefined);
  }

  @Get('unknown')
  unknown(): Promise<Door> {
    return this.doors.get('back');
  }

  @Post('locked')
  locked(): Promise<AppendResult> {
    return this.doors.update('front', (door) => door.openLocked());
  }

  @Get('unavailable')
  unavailable(): never {
    throw new EventStoreUnavailableError(new Error('connect ECONNREFUSED 10.0.0.1:5432'));
  }

  @Get('defect')
  defect(): never {
    throw new EventRegistrationError('A secret of the code.');
  }
}

let application: INestApplication;
let url: string;
let errors: jest.SpyInstance;
let warnings: jest.SpyInstance;

beforeAll(async () => {
  const builder = Test.createTestingModule({
    imports: [
      EventSourcingModule.forRoot({ store: 'in-memory', subscriptions: { enabled: false } }),
      EventSourcingModule.forFeature({ aggregates: [Door] }),
    ],
    controllers: [DoorsController],
    providers: [{ provide: APP_FILTER, useClass: EventSourcingErrorFilter }],
  });
  application = (await builder.compile()).createNestApplication();
  await application.listen(0, '127.0.0.1');
  url = await application.getUrl();
});

beforeEach(() => {
  errors = jest.spyOn(Logger.prototype, 'error').mockImplementation();
  warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
});

afterEach(() => jest.restoreAllMocks());

afterAll(() => application.close());

async function ask(method: string, path: string): Promise<unknown[]> {
  const response = await fetch(`${url}/${path}`, { method });
  return [response.status, await response.json()];
}

describe('a result that a controller returns', () => {
  it.each([
    ['saved', { version: 1, position: '1' }],
    ['updated', { version: 2, position: '2' }],
    ['unchanged', { version: 2, position: '2' }],
  ])('%s: its position survives JSON', async (path, result) => {
    expect(await ask('POST', `doors/${path}`)).toEqual([201, result]);
  });
});

describe('an error is answered by its kind', () => {
  it('not found', async () => {
    const [status, body] = await ask('GET', 'doors/unknown');
    expect(status).toBe(404);
    expect(body).toMatchObject({ statusCode: 404, code: 'aggregate.not-found' });
  });

  it('a conflict', async () => {
    const [status, body] = await ask('POST', 'doors/saved');
    expect(status).toBe(409);
    expect(body).toMatchObject({ statusCode: 409, code: 'aggregate.exists' });
  });

  it('a rule of the domain, with its own code and message', async () => {
    const body = { statusCode: 422, code: 'door.locked', message: 'The door is locked.' };
    expect(await ask('POST', 'doors/locked')).toEqual([422, body]);
  });

  it('unavailable: to be tried again, and the reason is in the log alone', async () => {
    const response = await fetch(`${url}/doors/unavailable`);
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '1']);
    expect(await response.text()).not.toContain('ECONNREFUSED');
    expect(warnings).toHaveBeenCalledWith(expect.stringContaining('ECONNREFUSED'));
  });

  it('a defect: 500 without details, and a line in the log', async () => {
    const body = { statusCode: 500, message: 'Internal server error' };
    expect(await ask('GET', 'doors/defect')).toEqual([500, body]);
    expect(errors).toHaveBeenCalled();
  });

  it('other errors are those of Nest', async () => {
    const [status, body] = await ask('GET', 'gates');
    expect([status, body]).toEqual([404, expect.objectContaining({ message: 'Cannot GET /gates' })]);
  });
});
