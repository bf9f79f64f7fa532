import { Injectable, OnModuleInit } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { noteWork } from '../../event-sourcing';

/** What a bus comes down to, whichever of its overloads is called. */
interface Executes {
  execute(message: object, context?: unknown): Promise<unknown>;
}

/** Lets what is logged of a message name the commands and queries that it led to. */
@Injectable()
export class NamedMessages implements OnModuleInit {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  onModuleInit(): void {
    nameIn(this.commands, 'command');
    nameIn(this.queries, 'query');
  }
}

/** The buses have no place to hook in around a handler. */
function nameIn(bus: Executes, kind: string): void {
  const execute = bus.execute.bind(bus);
  bus.execute = (message, context) => {
    noteWork(`${kind} ${message.constructor.name}`);
    return execute(message, context);
  };
}
