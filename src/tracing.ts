/*
 * Loaded first by main.ts: OpenTelemetry can only see into modules that are loaded after it. Without
 * OTEL_EXPORTER_OTLP_ENDPOINT nothing of its SDK is loaded, which is why all here is required on demand.
 */
/* eslint-disable @typescript-eslint/no-require-imports -- import() would come too late, import always */
import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseEnv } from 'node:util';
import type { Span } from '@opentelemetry/api';
import type { NodeSDK, tracing } from '@opentelemetry/sdk-node';

/** Requests of machines that come every few seconds. */
const untraced = /^\/(health|metrics)\b/;

let sdk: NodeSDK | undefined;

/** Sends what is left, for three seconds at most; a collector that is away must not keep the process. */
export async function stopTracing(): Promise<void> {
  const late = new Promise((resolve) => setTimeout(resolve, 3_000).unref());
  await Promise.race([sdk?.shutdown().catch(() => undefined), late]);
}

/** `.env` is read for real later; its OTEL_ variables are needed now. */
function readDotEnv(): void {
  if (!existsSync('.env')) return;
  for (const [name, value] of Object.entries(parseEnv(readFileSync('.env', 'utf8')))) {
    if (name.startsWith('OTEL_')) process.env[name] ??= value;
  }
}

function start(): NodeSDK {
  const { NodeSDK } = require('@opentelemetry/sdk-node') as typeof import('@opentelemetry/sdk-node');
  const { HttpInstrumentation } =
    require('@opentelemetry/instrumentation-http') as typeof import('@opentelemetry/instrumentation-http');
  const { PgInstrumentation } =
    require('@opentelemetry/instrumentation-pg') as typeof import('@opentelemetry/instrumentation-pg');
  const started = new NodeSDK({
    serviceName: process.env.OTEL_SERVICE_NAME || 'annals',
    traceExporter: discreetExporter(),
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: ({ url }) => untraced.test(url ?? ''),
        requireParentforOutgoingSpans: true,
        applyCustomAttributesOnSpan: nameByRoute,
      }),
      new PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true }),
    ],
  });
  started.start();
  return started;
}

/** Called when the answer is done, and the router has found the route. */
function nameByRoute(span: Span, request: object, response: object): void {
  const { method, route } = request as IncomingMessage & { readonly route?: { readonly path: string } };
  const correlationId = (response as ServerResponse).getHeader('X-Correlation-Id');
  if (route) span.updateName(`${method} ${route.path}`).setAttribute('http.route', route.path);
  if (correlationId !== undefined) span.setAttribute('annals.correlation_id', String(correlationId));
}

/** Takes out of each span what must not leave the process; see `withoutPersonalData`. */
function discreetExporter(): tracing.SpanExporter {
  const { OTLPTraceExporter } =
    require('@opentelemetry/exporter-trace-otlp-http') as typeof import('@opentelemetry/exporter-trace-otlp-http');
  const exporter = new OTLPTraceExporter();
  return {
    export: (spans, done) => {
      const { withoutPersonalData } = require('./platform') as typeof import('./platform');
      exporter.export(spans.map(withoutPersonalData), done);
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}

readDotEnv();
if (/^https?:/.test(process.env.OTEL_EXPORTER_OTLP_ENDPOINT ?? '')) sdk = start();
