interface DocumentedHeader {
  readonly description: string;
  readonly required?: boolean;
  /** JSON Schema 2020-12. */
  readonly schema: Readonly<Record<string, unknown>>;
}

const position = { type: 'string', pattern: '^\\d{1,19}$' };
const correlationId = { type: 'string', pattern: '^[A-Za-z0-9._:-]{1,128}$' };
const version = { type: 'string', pattern: '^"\\d{1,10}"$' };
const seconds = { type: 'string', pattern: '^[1-9]\\d*$' };

/** Headers of answers, by their names. `required`: never missing where a response names it. */
export const answerHeaders = {
  'X-Correlation-Id': {
    description: 'The correlation id of the request, or a new one.',
    required: true,
    schema: { ...correlationId, examples: ['0197c2f4-5d0e-7c3a-9b1f-2f6f3f0c9a11'] },
  },
  ETag: {
    description: 'The version of the resource, in double quotes.',
    required: true,
    schema: { ...version, examples: ['"3"'] },
  },
  Location: {
    description: 'The path of the new resource.',
    required: true,
    schema: {
      type: 'string',
      format: 'uri-reference',
      examples: ['/v1/resources/0197c2f4-5d0e-7c3a-9b1f-2f6f3f0c9a11'],
    },
  },
  'Event-Position': {
    description: 'Of a command: its last event in the log. Of a query: how far its read model had got.',
    required: true,
    schema: { ...position, examples: ['1042'] },
  },
  'Idempotency-Replayed': {
    description: 'The answer is the first one to this `Idempotency-Key`, given again.',
    schema: { type: 'string', const: 'true' },
  },
  'Retry-After': {
    description: 'Seconds to wait before the next try.',
    required: true,
    schema: { ...seconds, examples: ['1'] },
  },
  'WWW-Authenticate': {
    description: 'How to authenticate (RFC 6750).',
    required: true,
    schema: { type: 'string', examples: ['Bearer'] },
  },
} as const satisfies Readonly<Record<string, DocumentedHeader>>;

/** Only 405 has it, and no operation answers so. */
export const allow = {
  description: 'The methods that the path has.',
  required: true,
  schema: { type: 'string', examples: ['GET, HEAD, POST'] },
} satisfies DocumentedHeader;

export type AnswerHeader = keyof typeof answerHeaders;

/** Request headers, by their names. None is required. */
export const requestHeaders = {
  'X-Correlation-Id': {
    description:
      'Goes into the events of the request and into the answer; anything else than this is replaced.',
    schema: { ...correlationId, examples: ['checkout-7f3a'] },
  },
  'If-Match': {
    description: 'Do it only while the resource has this version: `"3"`, a list of them, or `*`.',
    schema: { type: 'string', examples: ['"3"'] },
  },
  'If-None-Match': {
    description: 'Answer 304 without a body when the resource still has this version.',
    schema: { type: 'string', examples: ['"3"'] },
  },
  'Min-Event-Position': {
    description: 'Wait until the read model has reached this position: the `Event-Position` of a command.',
    schema: { ...position, examples: ['1042'] },
  },
  'Last-Event-ID': {
    description: 'Go on behind this position; without it, behind the end of the log.',
    schema: { ...position, examples: ['1042'] },
  },
  Prefer: {
    description: '`wait=<seconds>` bounds that wait: default 2, at most 10.',
    schema: { type: 'string', examples: ['wait=5'] },
  },
  'Idempotency-Key': {
    description:
      'Makes a retry safe: the same key and the same request give the first answer again, for 24 hours. Keys are per caller.',
    schema: {
      type: 'string',
      pattern: '^[\\x20-\\x7e]{1,255}$',
      examples: ['8e03978e-40d5-43dd-bc93-6894a57f9324'],
    },
  },
} as const satisfies Readonly<Record<string, DocumentedHeader>>;

export type RequestHeader = keyof typeof requestHeaders;
