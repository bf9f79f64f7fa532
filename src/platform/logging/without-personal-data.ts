import type { tracing } from '@opentelemetry/sdk-node';
import { withoutSecrets } from './without-secrets';

type Attributes = tracing.ReadableSpan['attributes'];

/** Raw paths and queries, by the names of the old and the new conventions: they hold what the caller looks for. */
const raw = /^(url\.(path|query|full)|http\.(url|target))$/;

/** The span without raw paths and queries, and without what `withoutSecrets` takes out of the texts of errors. */
export function withoutPersonalData(span: tracing.ReadableSpan): tracing.ReadableSpan {
  const { status } = span;
  return Object.create(span, {
    attributes: { value: discreet(span.attributes) },
    status: { value: status.message ? { ...status, message: withoutSecrets(status.message) } : status },
    events: {
      value: span.events.map((event) => ({ ...event, attributes: discreet(event.attributes ?? {}) })),
    },
  }) as tracing.ReadableSpan;
}

function discreet(attributes: Attributes): Attributes {
  const entries = Object.entries(attributes).filter(([name]) => !raw.test(name));
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      name.startsWith('exception.') && typeof value === 'string' ? withoutSecrets(value) : value,
    ]),
  );
}
