import { Controller, INestApplication, Logger } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import {
  ClientProxy,
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  TcpOptions,
  Transport,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import type { AddressInfo, Server } from 'node:net';
import { lastValueFrom } from 'rxjs';
import {
  type AppendResult,
  EventSourcedRepository,
  EventSourcingErrorFilter,
  EventSourcingModule,
  EventStore,
  EventStoreUnavailableError,
  InjectAggregate,
  MessageContextInterceptor,
  type RecordedEvent,
} from '../../../src/event-sourcing';
import { Aggregate, AggregateRoot, DomainError, DomainEvent, On } from '../../../src/event-sourcing/domain';
import { EventRegistrationError } from '../../../src/event-sourcing/event-store/event-registry';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { waitUntil } from '../../support/wait-until';

@DomainEvent('ParcelSent')
class ParcelSent {}

class ParcelLostError extends DomainError {
  readonly code = 'parcel.lost';
}

@Aggregate('Parcel')
class Parcel extends AggregateRoot {
  send(): this {
    this.raise(new ParcelSent());
    return this;
  }

  lose(): void {
    throw new ParcelLostError('The parcel is lost.');
  }

  @On(ParcelSent)
  protected onSent(_event: ParcelSent): void {}
}

interface SendParcel {
  readonly id: string;
  readonly correlationId?: string;
  readonly sender?: string;
}

@Controller()
class ParcelsController {
  constructor(
    @InjectAggregate(Parcel) private readonly parcels: EventSourcedRepository<Parcel>,
    private readonly store: EventStore,
  ) {}

  @MessagePattern('send')
  send(@Payload() { id }: SendParcel): Promise<AppendResult> {
    return this.parcels.save(new Parcel(id).send());
  }

  @EventPattern('sent elsewhere')
  async sentElsewhere(@Payload() { id }: SendParcel): Promise<void> {
    await this.parcels.save(new Parcel(id).send());
  }

  @MessagePattern('events')
  async events(@Payload() { id }: SendParcel): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const event of this.store.readStream({ type: 'Parcel', id })) events.push(event);
    return events;
  }

  @MessagePattern('lose')
  async lose(@Payload() { id }: SendParcel): Promise<AppendResult> {
    return this.parcels.update(id, (parcel) => parcel.lose());
  }

  @MessagePattern('unavailable')
  unavailable(): never {
    throw new EventStoreUnavailableError(new Error('connect ECONNREFUSED 10.0.0.1:5432'));
  }

  @MessagePattern('defect')
  defect(): never {
    throw new EventRegistrationError('A secret of the code.');
  }
}

let database: TestDatabase;
let application: INestApplication;
let client: ClientProxy;
let lines: readonly jest.SpyInstance[];

const ask = <T>(pattern: string, data: SendParcel = { id: 'none' }): Promise<T> =>
  lastValueFrom(client.send<T>(pattern, data));
const refusal = (pattern: string, data?: SendParcel): Promise<unknown> =>
  ask(pattern, data).then(
    () => 'an answer',
    (error: unknown) => error,
  );

beforeAll(async () => {
  database = await createTestDatabase();
  const module = await Test.createTestingModule({
    imports: [
      EventSourcingModule.forRoot({
        store: { connection: { connectionString: database.url } },
        subscriptions: { enabled: false },
      }),
      EventSourcingModule.forFeature({ aggregates: [Parcel] }),
    ],
    controllers: [ParcelsController],
    providers: [{ provide: APP_FILTER, useClass: EventSourcingErrorFilter }],
  }).compile();
  application = module.createNestApplication({ logger: false });
  const options: TcpOptions = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } };
  // Before the microservice: its handlers take the interceptors that are there when it is connected.
  application.useGlobalInterceptors(
    new MessageContextInterceptor((execution) => {
      const { correlationId, sender } = execution.switchToRpc().getData<SendParcel>();
      return { correlationId, actor: sender };
    }),
  );
  const microservice = application.connectMicroservice(options, { inheritAppConfig: true });
  await application.startAllMicroservices();
  await application.init();
  const { port } = microservice.unwrap<Server>().address() as AddressInfo;
  client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
});

beforeEach(() => {
  lines = (['error', 'warn'] as const).map((level) =>
    jest.spyOn(Logger.prototype, level).mockImplementation(),
  );
});

afterEach(() => jest.restoreAllMocks());

afterAll(async () => {
  await client.close();
  await application.close();
  await database.drop();
});

describe('a message of a microservice', () => {
  it('gives its correlation id and its actor to the events that it leads to, and gets the result', async () => {
    const result = await ask('send', { id: 'p-1', correlationId: 'order-7', sender: 'shop' });
    expect(result).toEqual({ version: 1, position: '1' });
    const [event] = await ask<{ metadata: object }[]>('events', { id: 'p-1' });
    expect(event?.metadata).toEqual({ correlationId: 'order-7', causationId: 'order-7', actor: 'shop' });
  });

  it('that wants no answer does so, too', async () => {
    client.emit('sent elsewhere', { id: 'p-2', correlationId: 'order-8', sender: 'depot' });
    const stored = () => ask<{ metadata: object }[]>('events', { id: 'p-2' });
    await waitUntil(async () => (await stored()).length === 1);
    const [event] = await stored();
    expect(event?.metadata).toMatchObject({ correlationId: 'order-8', actor: 'depot' });
  });

  it('may be answered by events as they were read: a position is a decimal string in JSON', async () => {
    await ask('send', { id: 'p-3' });
    const [event] = await ask<object[]>('events', { id: 'p-3' });
    expect(event).toMatchObject({
      position: expect.stringMatching(/^[1-9]\d*$/) as string,
      type: 'ParcelSent',
      stream: { type: 'Parcel', id: 'p-3' },
      version: 1,
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    });
  });

  it('that a rule refuses is told its code and its kind', async () => {
    await ask('send', { id: 'p-4' });
    const told = { status: 'error', kind: 'rule', code: 'parcel.lost', message: 'The parcel is lost.' };
    expect(await refusal('lose', { id: 'p-4' })).toEqual(told);
    expect(await refusal('send', { id: 'p-4' })).toMatchObject({
      kind: 'conflict',
      code: 'aggregate.exists',
    });
  });

  it('that cannot be handled now is told to come again; the reason is in the log alone', async () => {
    const told = await refusal('unavailable');
    expect(told).toMatchObject({ status: 'error', kind: 'unavailable' });
    expect(JSON.stringify(told)).not.toContain('ECONNREFUSED');
    expect(lines[1]).toHaveBeenCalledWith(expect.stringContaining('ECONNREFUSED'));
  });

  it('that meets a defect is told no details, and the log has a line', async () => {
    const told = { status: 'error', kind: 'defect', message: 'Internal server error' };
    expect(await refusal('defect')).toEqual(told);
    expect(lines[0]).toHaveBeenCalledWith(expect.any(EventRegistrationError));
  });
});
