import type { ResponseObject } from '@nestjs/swagger';
import { problemTitle } from '../http/problem';
import { references } from './api-route';
import { allow, type AnswerHeader } from './documented-headers';
import type { DocumentedProblem } from './documented-problem';
import { problemExample } from './problem-schemas';

export interface NamedResponse {
  /** Its name among the components. */
  readonly name: string;
  readonly status: number;
  readonly response: ResponseObject;
}

/** One response for each status that the problems have, with the codes that it may carry. */
export function problemResponses(
  problems: readonly DocumentedProblem[],
  readsModel = false,
): readonly NamedResponse[] {
  const isOfCommand = problems.some(({ code }) => code === 'idempotency-key-reused');
  return [...new Set(problems.map(({ status }) => status))].map((status) => {
    const ofStatus = problems.filter((problem) => problem.status === status);
    const codes = [...new Set(ofStatus.map(({ code }) => code))].sort();
    const isOfReadModel = readsModel && mayFollowRead.has(status);
    const isKept = isOfCommand && keptStatuses.has(status);
    const kind = isOfReadModel ? 'ReadModel' : isKept ? 'Command' : '';
    return {
      name: `${kind}${codes.map(pascalCase).join('Or')}`,
      status,
      response: problemResponse(status, ofStatus, { isOfReadModel, isKept }),
    };
  });
}

/** A query may fail so after it looked how far its read model had got, and then says that too. */
const mayFollowRead = new Set([400, 404, 500, 503]);

/** Refusals of a command that its `Idempotency-Key` gives again. */
const keptStatuses = new Set([404, 409, 412, 422]);

/** One of the conflicts passes by itself. */
const retryAfterIfKnown = { 'Retry-After': { $ref: '#/components/headers/Retry-After-If-Known' } };

const headersOfStatus: Readonly<Record<number, readonly AnswerHeader[]>> = {
  401: ['WWW-Authenticate'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

function problemResponse(
  status: number,
  problems: readonly DocumentedProblem[],
  { isOfReadModel, isKept }: { readonly isOfReadModel: boolean; readonly isKept: boolean },
): ResponseObject {
  const codes = problems.map(({ code }) => code);
  const own = { type: 'object', properties: { status: { enum: [status] }, code: { enum: codes } } };
  const schema = {
    allOf: [{ $ref: `#/components/schemas/${status === 400 ? 'ValidationProblem' : 'Problem'}` }, own],
  };
  const examples = problems.map(({ code, when }) => [
    code,
    { summary: code, value: problemExample(code, status, problemTitle(status), when) },
  ]);
  return {
    description: problems.map(({ code, when }) => `\`${code}\`: ${when}`).join('\n\n'),
    headers: {
      ...references(['X-Correlation-Id', ...(headersOfStatus[status] ?? [])]),
      ...(isKept ? references(['Idempotency-Replayed']) : {}),
      ...(status === 405 ? { Allow: allow } : {}),
      ...(codes.includes('idempotency-key-in-progress') ? retryAfterIfKnown : {}),
      ...(isOfReadModel
        ? { 'Event-Position': { $ref: '#/components/headers/Event-Position-If-Known' } }
        : {}),
    },
    content: {
      'application/problem+json': {
        schema,
        examples: Object.fromEntries(examples) as Record<string, object>,
      },
    },
  };
}

function pascalCase(code: string): string {
  return code.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
