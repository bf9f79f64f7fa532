import type { Request, RequestHandler } from 'express';
import { HttpVersionError, ValidationFailedError } from './problem';
import type { ProblemFilter } from './problem.filter';

const versions = new Set(['1.0', '1.1']);

/** RFC 9112, section 3.2: `uri-host [":" port]`, empty where the target has no authority. */
const host = /^(?:\[[\dA-Fa-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[\dA-Fa-f]{2})*)(?::\d{0,5})?$/;

/**
 * Refuses what HTTP itself does not allow and the parser of Node accepts, for every route, before the caller is known. A target
 * that is no path (`OPTIONS *`) becomes one that no route has, so that the guards decide about it as about any other.
 */
export function checkProtocol(problems: ProblemFilter): RequestHandler {
  return (request, response, next) => {
    try {
      check(request);
    } catch (error) {
      response.setHeader('Connection', 'close');
      problems.answer(error, request, response);
      return;
    }
    if (request.url === '*') request.url = '/*';
    next();
  };
}

/** @throws ValidationFailedError, HttpVersionError. */
function check({ httpVersion, headersDistinct }: Request): void {
  if (!versions.has(httpVersion)) throw new HttpVersionError(httpVersion);
  const problem = problemOfHost(headersDistinct.host ?? [], httpVersion);
  if (problem !== undefined) throw ValidationFailedError.at('#/headers/Host', problem);
}

function problemOfHost([given, ...more]: readonly string[], httpVersion: string): string | undefined {
  if (more.length > 0) return 'is given more than once';
  if (given === undefined) return httpVersion === '1.1' ? 'is missing' : undefined;
  return host.test(given) ? undefined : 'must be a host, and perhaps a port';
}
