import { Injectable, OnModuleInit } from '@nestjs/common';
import { type AsyncContext, CommandBus, type ICommand } from '@nestjs/cqrs';
import type { Attributes, Span, SpanContext, SpanKind } from '@opentelemetry/api';
import {
  appending,
  type AppendWork,
  type DiagnosticWork,
  type EventWork,
  handlingEvent,
  memberOfThrown,
} from '../../event-sourcing';
import { Environment, addTraceMembers } from '../../platform';
import { ActiveContext } from './active-context';
import { spanContextOf, traceparentOf } from './traceparent';

type Api = typeof import('@opentelemetry/api');

/** Events that are older get no span: to replay the log would fill traces that nobody looks at any more. */
const oldestMs = 3_600_000;

/** The one overload of the command bus that all others come down to. */
interface Executes {
  execute(command: ICommand, context?: AsyncContext): Promise<unknown>;
}

interface SpanStart {
  readonly name: string;
  readonly kind?: SpanKind;
  readonly attributes: Attributes;
  /** Default: the active span. */
  readonly parent?: SpanContext;
  /** Gets the `traceparent` of the new span before the work starts. */
  readonly started?: (traceparent: string) => void;
}

/**
 * Spans of commands, appends, and events in the hands of a subscriber. An append stores its span as `traceparent` in the
 * metadata of the events, and their subscribers, in whichever process and however late, go on in the same trace.
 *
 * Without `OTEL_EXPORTER_OTLP_ENDPOINT` nothing of its SDK is loaded, and nobody subscribes to the channels.
 */
@Injectable()
export class WorkSpans implements OnModuleInit {
  private readonly spans = new WeakMap<object, Span>();

  constructor(
    private readonly environment: Environment,
    private readonly commands: CommandBus,
  ) {}

  async onModuleInit(): Promise<void> {
    if (this.environment.OTEL_EXPORTER_OTLP_ENDPOINT === '') return;
    const api = await import('@opentelemetry/api');
    addTraceMembers(() => {
      const span = api.trace.getActiveSpan()?.spanContext();
      return span && { traceId: span.traceId, spanId: span.spanId };
    });
    this.traceCommands(api);
    this.trace(api, appending, (work) => appendStart(work));
    this.trace(api, handlingEvent, (work) => eventStart(api, work));
  }

  /** The bus has no place to hook in around a handler. */
  private traceCommands({ trace, SpanStatusCode }: Api): void {
    const bus: Executes = this.commands;
    const execute = bus.execute.bind(bus);
    const tracer = trace.getTracer('annals');
    bus.execute = (command, context) =>
      tracer.startActiveSpan(`command ${command.constructor.name}`, async (span) => {
        try {
          return await execute(command, context);
        } catch (error) {
          span.setStatus({ code: SpanStatusCode.ERROR, message: nameOf(error) });
          throw error;
        } finally {
          span.end();
        }
      });
  }

  /** Gives a span to the work that the channel tells of, if `startOf` wants one. */
  private trace<Message extends object>(
    { trace, context, isSpanContextValid, ROOT_CONTEXT, SpanStatusCode }: Api,
    { channel }: DiagnosticWork<Message>,
    startOf: (work: Message) => SpanStart | undefined,
  ): void {
    const tracer = trace.getTracer('annals');
    channel.start.bindStore(new ActiveContext(context), (work) => {
      const start = startOf(work);
      if (!start) return context.active();
      const { name, parent, started, ...options } = start;
      const around = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : context.active();
      const span = tracer.startSpan(name, options, around);
      this.spans.set(work, span);
      // Without a running SDK (in the command line) spans are void, and must leave no trace in the log.
      if (isSpanContextValid(span.spanContext())) started?.(traceparentOf(span.spanContext()));
      return trace.setSpan(around, span);
    });
    channel.error.subscribe((work) => {
      const message = nameOf((work as { readonly error: unknown }).error);
      this.spans.get(work as object)?.setStatus({ code: SpanStatusCode.ERROR, message });
    });
    channel.asyncEnd.subscribe((work) => this.spans.get(work as object)?.end());
  }
}

/** Anything can be thrown; what fails here would end the process. */
function nameOf(thrown: unknown): string {
  const name = memberOfThrown(thrown, 'name');
  return typeof name === 'string' ? name : typeof thrown;
}

function appendStart({ stream, events, metadata }: AppendWork): SpanStart {
  return {
    name: `append ${stream.type}`,
    attributes: { 'annals.stream.type': stream.type, 'annals.stream.id': stream.id, 'annals.events': events },
    started: (traceparent) => (metadata.traceparent = traceparent),
  };
}

function eventStart({ SpanKind }: Api, { subscription, kind, event }: EventWork): SpanStart | undefined {
  const parent = spanContextOf(event.metadata.traceparent);
  if (!parent || Date.now() - event.timestamp.getTime() > oldestMs) return undefined;
  return {
    name: `${kind === 'projector' ? 'project' : 'handle'} ${subscription}`,
    kind: SpanKind.CONSUMER,
    parent,
    attributes: {
      'annals.subscription': subscription,
      'annals.event.type': event.type,
      'annals.event.position': String(event.position),
      'annals.correlation_id': event.metadata.correlationId,
    },
  };
}
