import { CommandHandlerNotFoundException, type CommandBus, type ICommand } from '@nestjs/cqrs';

type Execute = (command: ICommand, ...more: unknown[]) => Promise<unknown>;

/** The commands that a handler sends. One without a handler in the spec is answered with nothing. */
export class RecordedCommands {
  readonly sent: object[] = [];
  private readonly execute: Execute;

  constructor(bus: CommandBus) {
    this.execute = bus.execute.bind(bus) as Execute;
    const record: Execute = (command, ...more) => {
      this.sent.push(command);
      return this.executeKnown(command, more);
    };
    Object.assign(bus, { execute: record });
  }

  /** The command of the spec itself. */
  start(command: ICommand): Promise<unknown> {
    return this.execute(command);
  }

  private async executeKnown(command: ICommand, more: readonly unknown[]): Promise<unknown> {
    try {
      return await this.execute(command, ...more);
    } catch (error) {
      if (error instanceof CommandHandlerNotFoundException) return undefined;
      throw error;
    }
  }
}
