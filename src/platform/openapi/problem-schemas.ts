import type { SchemaObject } from '@nestjs/swagger';

const correlationId = '0197c2f4-5d0e-7c3a-9b1f-2f6f3f0c9a11';

const members: Record<string, SchemaObject> = {
  type: { type: 'string', format: 'uri', description: 'A URN made of the code.' },
  title: { type: 'string', description: 'The status in words.' },
  status: { type: 'integer', minimum: 400, maximum: 599 },
  detail: { type: 'string', description: 'What went wrong, for people.' },
  correlationId: { type: 'string', description: 'The same as `X-Correlation-Id`: tell it to the operator.' },
};

/** RFC 9457, closed. `codes`: every code that the document names, for clients to tell problems apart. */
export function problemSchemas(codes: readonly string[]): Record<string, SchemaObject> {
  const code = { $ref: '#/components/schemas/ProblemCode' };
  const required = [...Object.keys(members), 'code'];
  return {
    ProblemCode: {
      type: 'string',
      enum: [...codes].sort(),
      description: 'Stable: tell problems apart by it.',
    },
    Problem: {
      type: 'object',
      description: 'An error (RFC 9457).',
      required,
      properties: { ...members, code },
      additionalProperties: false,
    },
    ValidationProblem: {
      type: 'object',
      description: 'A request that can never succeed as it is (RFC 9457).',
      required: [...required, 'errors'],
      properties: {
        ...members,
        code,
        errors: { type: 'array', minItems: 1, items: { $ref: '#/components/schemas/ProblemDetail' } },
      },
      additionalProperties: false,
    },
    ProblemDetail: {
      type: 'object',
      required: ['pointer', 'detail'],
      properties: {
        pointer: {
          type: 'string',
          pattern: '^#(/|$)',
          examples: ['#/name'],
          description: 'Where: a JSON pointer (RFC 6901).',
        },
        detail: { type: 'string', description: 'What is wrong there.' },
      },
      additionalProperties: false,
    },
  };
}

/** A whole problem, as clients will see it. */
export function problemExample(
  code: string,
  status: number,
  title: string,
  detail: string,
): Record<string, unknown> {
  const problem = { type: `urn:annals:problem:${code}`, title, status, detail, code, correlationId };
  return status === 400
    ? { ...problem, errors: [{ pointer: '#/name', detail: 'name must be 1 to 200 characters' }] }
    : problem;
}
