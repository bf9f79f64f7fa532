import type {
  OpenAPIObject,
  OperationObject,
  ParameterObject,
  ReferenceObject,
  ResponseObject,
  SchemaObject,
} from '@nestjs/swagger';
import { marks, references } from './api-route';
import { answerHeaders, requestHeaders } from './documented-headers';
import {
  callerProblems,
  type DocumentedProblem,
  readModelBehind,
  requestProblems,
  serviceProblems,
  unroutedProblems,
} from './documented-problem';
import { problemResponses } from './problem-responses';
import { problemSchemas } from './problem-schemas';

type Marked = OperationObject & {
  [marks.problems]?: readonly DocumentedProblem[];
  [marks.readsModel]?: string;
  [marks.public]?: boolean;
};

/** Adds to every operation what all of them have, turns the marks of the decorators into responses, and closes the schemas. */
export function completeDocument(document: OpenAPIObject): OpenAPIObject {
  const responses: Record<string, ResponseObject> = {};
  const codes = new Set<string>();
  const responsesTo = (problems: readonly DocumentedProblem[], readsModel = false) => {
    for (const { code } of problems) codes.add(code);
    return problemResponses(problems, readsModel).map(({ name, status, response }) => {
      responses[name] = response;
      return [String(status), { $ref: `#/components/responses/${name}` }] as const;
    });
  };
  for (const operation of operationsOf(document)) {
    const problems = problemsOf(operation);
    const readsModel = operation[marks.readsModel] !== undefined;
    completeGoodAnswers(operation, readsModel);
    completeRequest(operation);
    // A good answer keeps its status: the report of a process that is not ready is 503 too.
    operation.responses = {
      ...Object.fromEntries(responsesTo(problems, readsModel)),
      ...operation.responses,
    };
  }
  for (const { code } of unroutedProblems) codes.add(code);
  const schemas = { ...closed(document.components?.schemas ?? {}), ...problemSchemas([...codes]) };
  return {
    ...document,
    components: { ...document.components, schemas, responses, headers: headers(), parameters: parameters() },
    'x-unrouted-responses': unroutedResponses(),
  } as OpenAPIObject;
}

/** The specification has no place for answers to requests without an operation: they stand here in whole. */
function unroutedResponses(): Record<string, ResponseObject> {
  const named = problemResponses([...requestProblems, ...unroutedProblems]);
  return Object.fromEntries(named.map(({ status, response }) => [status, response]));
}

function operationsOf({ paths }: OpenAPIObject): Marked[] {
  return Object.values(paths).flatMap((path) =>
    [path.get, path.put, path.post, path.delete, path.patch].filter((operation) => operation !== undefined),
  );
}

function problemsOf(operation: Marked): readonly DocumentedProblem[] {
  return [
    ...requestProblems,
    ...(operation[marks.public] ? [] : callerProblems),
    ...(operation[marks.problems] ?? []),
    ...serviceProblems,
    ...(operation[marks.readsModel] === undefined ? [] : [readModelBehind]),
  ];
}

function completeGoodAnswers(operation: Marked, readsModel: boolean): void {
  for (const response of Object.values(operation.responses) as ResponseObject[]) {
    response.headers = {
      ...response.headers,
      ...references(readsModel ? ['X-Correlation-Id', 'Event-Position'] : ['X-Correlation-Id']),
    };
  }
}

function completeRequest(operation: Marked): void {
  operation.security = operation[marks.public] ? [] : [{ bearer: [] }];
  operation.parameters = [
    ...(operation.parameters ?? []).map(withExamplesInSchema),
    { $ref: '#/components/parameters/X-Correlation-Id' },
  ];
  for (const mark of Object.values(marks)) delete operation[mark];
}

/** A list of examples belongs to the schema; next to it the specification wants a map. */
function withExamplesInSchema(
  parameter: ParameterObject | ReferenceObject,
): ParameterObject | ReferenceObject {
  if (!('schema' in parameter) || !Array.isArray(parameter.examples)) return parameter;
  const { examples, schema, ...rest } = parameter;
  return { ...rest, schema: { ...schema, examples } };
}

/** A client may count on it that a body has no other members, unless its schema says so itself. */
function closed(
  schemas: NonNullable<OpenAPIObject['components']>['schemas'] & object,
): Record<string, SchemaObject> {
  return Object.fromEntries(
    Object.entries(schemas as Record<string, SchemaObject>).map(([name, schema]) => [
      name,
      schema.type === 'object' ? { additionalProperties: false, ...schema } : schema,
    ]),
  );
}

function headers() {
  const ifKnown = { ...answerHeaders['Event-Position'], required: false };
  const retryAfter = { ...answerHeaders['Retry-After'], required: false };
  return {
    ...answerHeaders,
    'Event-Position-If-Known': ifKnown,
    'Retry-After-If-Known': retryAfter,
  } as never;
}

function parameters() {
  const name = 'X-Correlation-Id';
  return { [name]: { name, in: 'header', ...requestHeaders[name] } } as never;
}
