import { getMetadataStorage } from 'class-validator';
import { pointerTo } from './check-json';
import { ProblemDetail } from './problem';

interface Rule {
  readonly propertyName: string;
  readonly type: string;
  readonly each: boolean;
}

type Path = readonly string[];

/**
 * What the validator lets pass, at any depth: a list where the class wants an object (it looks for objects in each list, and finds
 * none in an empty one), `null` in a list of objects, and anything else where the class wants a list.
 * @param value An instance that the validator found valid.
 */
export function wrongShapes(value: unknown, path: Path = []): ProblemDetail[] {
  if (!isObject(value) || value.constructor === Object) return [];
  const { constructor } = value;
  const rules = getMetadataStorage().getTargetValidationMetadatas(constructor, '', false, false) as Rule[];
  const members = new Set(rules.map(({ propertyName }) => propertyName));
  return [...members].flatMap((member) =>
    wrongShapesOfMember(
      value,
      rules.filter(({ propertyName }) => propertyName === member),
      [...path, member],
    ),
  );
}

function wrongShapesOfMember(owner: object, rules: readonly Rule[], path: Path): ProblemDetail[] {
  const member = rules[0]?.propertyName ?? '';
  const value = (owner as Readonly<Record<string, unknown>>)[member];
  // Whether it may be missing is for other rules to say.
  if (value === undefined || value === null) return [];
  const isNested = rules.some(({ type }) => type === 'nestedValidation');
  if (isListed(owner, member, rules)) return wrongShapesOfList(value, path, isNested);
  return isNested ? wrongShapesOfObject(value, path) : [];
}

function wrongShapesOfList(value: unknown, path: Path, isNested: boolean): ProblemDetail[] {
  const elements = elementsOf(value);
  if (elements === undefined) return [{ pointer: pointerTo(path), detail: `${path.at(-1)} must be a list` }];
  return isNested ? elements.flatMap(([name, element]) => wrongShapesOfObject(element, [...path, name])) : [];
}

function wrongShapesOfObject(value: unknown, path: Path): ProblemDetail[] {
  return isObject(value) && !Array.isArray(value)
    ? wrongShapes(value, path)
    : [{ pointer: pointerTo(path), detail: 'must be an object' }];
}

/** Whether the member holds several values: by its type, or by a rule for each of them. */
function isListed(owner: object, member: string, rules: readonly Rule[]): boolean {
  const type: unknown = Reflect.getMetadata('design:type', owner, member);
  return type === Array || type === Set || type === Map || rules.some(({ each }) => each);
}

/** By index, or by key; undefined when it is no list. */
function elementsOf(value: unknown): [name: string, element: unknown][] | undefined {
  if (value instanceof Map) return [...value].map(([key, element]) => [String(key), element]);
  if (value instanceof Set) return elementsOf([...(value as Set<unknown>)]);
  return Array.isArray(value) ? value.map((element, index) => [String(index), element]) : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
