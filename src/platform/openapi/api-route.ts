import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtension, ApiExtraModels, ApiHeader, ApiOperation, ApiResponse } from '@nestjs/swagger';
import { type AnswerHeader, type RequestHeader, requestHeaders } from './documented-headers';
import { commandProblems, type DocumentedProblem, preconditionFailed } from './documented-problem';

/** Marks that a route leaves in the document, for `completeDocument` to read and take out again. */
export const marks = {
  problems: 'x-annals-problems',
  readsModel: 'x-annals-reads-model',
  public: 'x-annals-public',
} as const;

export interface RouteDocumentation {
  /** The line in the list of operations. */
  readonly summary: string;
  readonly description?: string;
  /** The class of the body of the good answer. */
  readonly answer: Type;
  /** Status of the good answer. Default 200. */
  readonly status?: number;
  /** What the good answer is, in a few words. */
  readonly says: string;
  readonly problems?: readonly DocumentedProblem[];
}

interface Headers {
  readonly request?: readonly RequestHeader[];
  readonly answer?: readonly AnswerHeader[];
}

/**
 * Documents a route: its id (the name of the operation in generated clients), its good answer, and the problems that are
 * its own. What every route has (correlation id, problems of any request, security) is added to the whole document.
 */
export function ApiRoute(
  operationId: string,
  documentation: RouteDocumentation,
  headers: Headers = {},
): MethodDecorator {
  const { summary, description, answer, status = 200, says, problems = [] } = documentation;
  return applyDecorators(
    ApiOperation({ operationId, summary, description }),
    ApiResponse({ status, type: answer, description: says, headers: references(headers.answer ?? []) }),
    ApiExtension(marks.problems, problems),
    ...(headers.request ?? []).map(ApiRequestHeader),
  );
}

/**
 * Answers with Server-Sent Events. `message` is the class of what each `data:` says, as JSON; the `id:` of a message is the position
 * of its event.
 */
export function ApiEventStream(
  operationId: string,
  { summary, description, answer: message, says, problems = [] }: RouteDocumentation,
): MethodDecorator {
  return applyDecorators(
    ApiOperation({ operationId, summary, description }),
    ApiExtraModels(message),
    ApiResponse({
      status: 200,
      description: `${says} The JSON behind \`data:\` is a ${message.name}.`,
      content: { 'text/event-stream': { schema: { type: 'string' } } },
    }),
    ApiExtension(marks.problems, problems),
    ApiRequestHeader('Last-Event-ID'),
  );
}

/** A command that makes something new. Like every command it takes an `Idempotency-Key`, and tells where it left its stream. */
export function ApiCreate(operationId: string, documentation: RouteDocumentation): MethodDecorator {
  return ApiRoute(
    operationId,
    { status: 201, ...documentation, problems: [...(documentation.problems ?? []), ...commandProblems] },
    { request: ['Idempotency-Key'], answer: ['Location', ...whereCommandsEnd] },
  );
}

/** A command on something that exists: it may be conditional, by `If-Match`. */
export function ApiCommand(operationId: string, documentation: RouteDocumentation): MethodDecorator {
  const problems = [...(documentation.problems ?? []), ...commandProblems, preconditionFailed];
  return ApiRoute(
    operationId,
    { ...documentation, problems },
    { request: ['If-Match', 'Idempotency-Key'], answer: whereCommandsEnd },
  );
}

/** A query whose answer has an `ETag`, so that `If-None-Match` is answered with 304. */
export function ApiConditionalQuery(operationId: string, documentation: RouteDocumentation): MethodDecorator {
  return applyDecorators(
    ApiRoute(operationId, documentation, { request: ['If-None-Match'], answer: ['ETag'] }),
    ApiResponse({
      status: 304,
      description: 'It still has the version of `If-None-Match`.',
      headers: references(['ETag']),
    }),
  );
}

/** The route answers from a read model: `@ReadsModel` brings this along. */
export function ApiReadsModel(projection: string): MethodDecorator {
  return applyDecorators(
    ApiRequestHeader('Min-Event-Position'),
    ApiRequestHeader('Prefer'),
    ApiExtension(marks.readsModel, projection),
  );
}

/** The route asks for no token: `@Public()` brings this along. */
export function ApiPublic(): ClassDecorator & MethodDecorator {
  return ApiExtension(marks.public, true) as ClassDecorator & MethodDecorator;
}

const whereCommandsEnd = ['ETag', 'Event-Position', 'Idempotency-Replayed'] as const;

function ApiRequestHeader(name: RequestHeader): MethodDecorator {
  const { description, schema } = requestHeaders[name];
  return ApiHeader({
    name,
    description,
    required: false,
    schema: { ...schema, examples: [...schema.examples] },
  });
}

/** Headers of a response, as references to the components of the document. */
export function references(names: readonly AnswerHeader[]): Record<string, { $ref: string }> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
