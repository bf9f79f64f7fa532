import type { InjectionToken } from '@nestjs/common';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import { differences } from './differences';
import { eventDifferences } from './event-differences';
import { inStream, StreamOf } from './given-events';
import { ExpectedRows, Outcome } from './handler-run';
import { Call } from './recorded-calls';
import { checkRefusal, ErrorClass, refusalInWords } from './refusals';
import { fail } from './spec-failure';

/** What a handler is expected to do. Each expectation runs it, in an application of its own. */
export class HandlerExpectations {
  constructor(
    private readonly name: string,
    private readonly run: (rows?: ExpectedRows) => Promise<Outcome>,
  ) {}

  /** Exactly these events, in this stream; and none in another. */
  async thenRaises(of: StreamOf, id: string, ...events: readonly object[]): Promise<void> {
    await this.thenRaisesIn([of, id, ...events]);
  }

  /** Exactly these events, in these streams, in this order of the log. */
  async thenRaisesIn(
    ...expected: readonly (readonly [of: StreamOf, id: string, ...events: object[]])[]
  ): Promise<void> {
    const { raised } = await this.accepted();
    const inOrder = expected.flatMap(([of, id, ...events]) => {
      const { stream } = inStream(of, id, events);
      return events.map((event) => ({ stream: `${stream.type} ${stream.id}`, event }));
    });
    const found = eventDifferences(
      inOrder.map(({ event }) => event),
      raised.map(({ event }) => event),
    );
    const streams = differences(
      inOrder.map(({ stream }) => stream),
      raised.map(({ stream }) => stream),
      'streams',
    );
    if (found.length + streams.length > 0)
      fail(`${this.name} did not lead to the expected events.`, [...found, ...streams]);
  }

  async thenRaisesNothing(): Promise<void> {
    await this.thenRaisesIn();
  }

  /** The handler fails with this error. */
  async thenThrows(errorClass: ErrorClass): Promise<void> {
    const { refusal, raised } = await this.run();
    checkRefusal(
      this.name,
      errorClass,
      refusal,
      raised.map(({ event }) => event),
    );
  }

  /** Exactly these calls of a double, in this order: `thenCalls(Mailer, ['send', 'ada@example.com'])`. */
  async thenCalls(token: InjectionToken, ...calls: readonly Call[]): Promise<void> {
    const found = differences(calls, (await this.accepted()).calls(token), 'calls');
    if (found.length > 0) fail(`${this.name} did not make the expected calls.`, found);
  }

  /** Exactly these commands are sent, in this order. Those whose handler is no provider of the spec do nothing. */
  async thenSends(...commands: readonly object[]): Promise<void> {
    const found = eventDifferences(commands, (await this.accepted()).sent, 'command');
    if (found.length > 0) fail(`${this.name} did not send the expected commands.`, found);
  }

  /** Exactly these rows are in the table, which begins empty. */
  async thenRows<E extends ObjectLiteral>(entity: EntityTarget<E>, rows: readonly E[]): Promise<void> {
    const { rowDifferences } = await this.accepted({ entity, rows });
    if (rowDifferences.length > 0) fail(`${this.name} did not write the expected rows.`, rowDifferences);
  }

  private async accepted(rows?: ExpectedRows): Promise<Outcome> {
    const outcome = await this.run(rows);
    if (outcome.refusal) fail(`${this.name} failed: ${refusalInWords(outcome.refusal.error)}`);
    return outcome;
  }
}
