import type { Type } from '@nestjs/common';
import type { ICommand } from '@nestjs/cqrs';
import { durableHandlerDefinition } from '../subscriptions/handlers/durable-events-handler';
import { InStream, inStream, StreamOf } from './given-events';
import { HandlerSpecOptions, outcomeOf } from './handler-application';
import { HandlerExpectations } from './handler-expectations';
import { Message } from './handler-run';

/**
 * Tests of a command handler or a durable handler: given events in streams, when it gets a command or an event, then events, calls,
 * commands, rows or a refusal: `handlerSpec(RenameUserHandler).given(User, id, new UserCreated(…)).when(new RenameUser(id, 'Grace'))
 * .thenRaises(User, id, new UserRenamed('Grace'))`. The store is in memory.
 */
export function handlerSpec(handlerClass: Type, options: HandlerSpecOptions = {}): GivenToHandler {
  return new GivenToHandler(handlerClass, options, []);
}

class GivenToHandler {
  constructor(
    private readonly handlerClass: Type,
    private readonly options: HandlerSpecOptions,
    private readonly history: readonly InStream[],
  ) {}

  /** Events of one stream, behind those that were given before. Claims are not taken by them. */
  given(of: StreamOf, id: string, ...events: readonly object[]): GivenToHandler {
    return new GivenToHandler(this.handlerClass, this.options, [...this.history, inStream(of, id, events)]);
  }

  /** A command, for a command handler; or an event of a stream, for a durable handler. */
  when(command: ICommand): HandlerExpectations;
  when(of: StreamOf, id: string, event: object): HandlerExpectations;
  when(commandOrStream: ICommand | StreamOf, id?: string, event?: object): HandlerExpectations {
    return this.expecting(messageOf(commandOrStream, id, event, 1));
  }

  /** The event comes twice, as to a durable handler it may: the first time the process dies before the checkpoint moves. */
  whenTwice(of: StreamOf, id: string, event: object): HandlerExpectations {
    return this.expecting(messageOf(of, id, event, 2));
  }

  private expecting(message: Message): HandlerExpectations {
    const { handlerClass, options, history } = this;
    checkKind(handlerClass, message);
    return new HandlerExpectations(handlerClass.name, (rows) =>
      outcomeOf(handlerClass, options, { history, message, rows }),
    );
  }
}

function messageOf(
  of: ICommand | StreamOf,
  id: string | undefined,
  event: object | undefined,
  times: 1 | 2,
): Message {
  if (typeof of === 'object') return { command: of };
  if (id === undefined || event === undefined)
    throw new Error('Name the stream of the event: when(User, id, event).');
  return { event: inStream(of, id, [event]), times };
}

function checkKind(handlerClass: Type, message: Message): void {
  const { name } = handlerClass;
  const definition = durableHandlerDefinition(handlerClass);
  if (!definition) {
    if ('command' in message) return;
    throw new Error(`${name} is no durable handler, so it gets a command: when(new RenameUser(…)).`);
  }
  if ('command' in message)
    throw new Error(`${name} is a durable handler, so it gets an event of a stream: when(User, id, event).`);
  const known = definition.events.map((event) => event.name).join(', ');
  for (const { constructor } of message.event.events) {
    if (definition.events.some((event) => event === constructor)) continue;
    throw new Error(`${name} gets no ${constructor.name}. It names ${known}.`);
  }
}
