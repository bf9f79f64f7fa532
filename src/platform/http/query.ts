import { isInherited, pointerTo } from './check-json';
import { mostProblems, ValidationFailedError } from './problem';
import type { RouteInputs } from './route-inputs';

type QueryInputs = Pick<RouteInputs, 'query' | 'isQueryJudged'>;

type Query = Readonly<Record<string, string | string[]>>;

/** The names and values of a query; a name that is given more than once has a list. Its length is bounded by that of the head. */
export function parseQuery(text: string | null | undefined): Query {
  const query = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of new URLSearchParams(text ?? '')) {
    const before = query[name];
    query[name] = before === undefined ? value : [before, value].flat();
  }
  return query;
}

/**
 * Refuses what the rules of a route would not see, or would take long to: names that it does not take, or that are given more
 * than once, and broken percent-encoding.
 * @throws ValidationFailedError
 */
export function checkQuery(url: string, query: Query, inputs: QueryInputs): void {
  const names = Object.keys(query);
  if (names.length === 0) return;
  if (!isDecodable(url)) throw ValidationFailedError.at('#', 'The percent-encoding of the query is broken.');
  const repeated = names.filter((name) => Array.isArray(query[name]));
  refuse(repeated, 'is given more than once');
  const { query: taken, isQueryJudged } = inputs;
  const isUnknown = (name: string) => taken !== 'anything' && !taken.has(name);
  const unknown = names.filter((name) => isUnknown(name) || isInherited(name));
  const isLeft = isQueryJudged && unknown.length < mostProblems && !unknown.some(isInherited);
  if (!isLeft) refuse(unknown, 'is not a known member');
}

function refuse(names: readonly string[], detail: string): void {
  if (names.length === 0) return;
  throw new ValidationFailedError(
    names.slice(0, mostProblems).map((name) => ({ pointer: pointerTo([name]), detail })),
  );
}

function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
