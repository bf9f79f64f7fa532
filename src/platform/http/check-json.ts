import { visit } from 'jsonc-parser';
import { isExactNumber } from '../../event-sourcing';
import { membersOf, type Expected, type KnownMembers } from './known-members';
import { mostProblems, type ProblemDetail, ValidationFailedError } from './problem';
import type { RouteInputs } from './route-inputs';

interface JsonLimits {
  readonly bytes: number;
  readonly depth: number;
}

/** A body may have one value for each so many bytes of its longest length: each costs more to judge than to send. */
const bytesOfValue = 10;

/** So many values are left to the rules of the route, which tell of all that is wrong at once. */
const fewValues = 500;

/**
 * Refuses a body that a parser would pass, or that is dear to judge: members that are given twice, or that every object has
 * already (`__proto__`, `constructor`); too many members that the route does not take; lists and objects where it
 * takes one value; numbers that would be other ones once they are read.
 * @param text Valid JSON.
 * @throws ValidationFailedError
 */
export function checkJson(text: string, inputs: RouteInputs, limits: JsonLimits): void {
  const walk = new Walk(inputs, limits);
  visit(text, {
    onObjectBegin: (...place) => walk.enter(place[4]),
    onObjectProperty: (name, ...place) => walk.member(name, place[4]),
    onObjectEnd: () => walk.leave(),
    onArrayBegin: (...place) => walk.enterList(place[4]),
    onArrayEnd: () => walk.leave(),
    onLiteralValue: (value, offset, length, ...place) => {
      walk.count();
      if (typeof value === 'number' && !isKept(value, text.slice(offset, offset + length)))
        throw ValidationFailedError.at(pointerTo(place[2]()), inexact);
    },
  });
  walk.end();
}

type Path = () => readonly (string | number)[];

/** An object or a list that is open, and what may stand in it. */
interface Open {
  readonly names: Set<string>;
  readonly members: KnownMembers | undefined;
  /** Of a list: what each of its elements is. Of an object: what the member is whose value comes next. */
  next: Expected;
}

class Walk {
  private readonly open: Open[] = [];
  private readonly problems: ProblemDetail[] = [];
  private values = 0;

  constructor(
    private readonly inputs: RouteInputs,
    private readonly limits: JsonLimits,
  ) {}

  enter(path: Path): void {
    const isBody = this.open.length === 0;
    const expected = this.expectedHere(path);
    const members = isBody
      ? this.inputs.body
      : typeof expected === 'string'
        ? undefined
        : membersOf(expected);
    this.push({ names: new Set(), members: members === 'anything' ? undefined : members, next: 'anything' });
  }

  enterList(path: Path): void {
    this.push({ names: new Set(), members: undefined, next: this.expectedHere(path) });
  }

  end(): void {
    if (this.problems.length > 0 && !this.inputs.isBodyJudged) throw new ValidationFailedError(this.problems);
  }

  leave(): void {
    this.open.pop();
  }

  member(name: string, path: Path): void {
    const object = this.open.at(-1) as Open;
    const pointer = () => pointerTo([...path(), name]);
    const expected = object.members?.get(name);
    if (isInherited(name) && expected === undefined)
      throw ValidationFailedError.at(pointer(), 'is not a known member');
    if (object.names.has(name)) throw ValidationFailedError.at(pointer(), 'is given more than once');
    object.names.add(name);
    if (object.members !== undefined && expected === undefined) this.note(pointer(), 'is not a known member');
    object.next = expected ?? 'anything';
  }

  count(): void {
    if (this.problems.length > 0 && this.values > fewValues) throw new ValidationFailedError(this.problems);
    if (++this.values > this.limits.bytes / bytesOfValue)
      throw ValidationFailedError.at('#', 'The body has too many members and elements.');
  }

  private expectedHere(path: Path): Expected {
    this.count();
    const expected = this.open.at(-1)?.next ?? 'anything';
    if (expected !== 'value') return expected;
    this.note(pointerTo(path()), 'must not be an object or a list');
    return 'anything';
  }

  private push(open: Open): void {
    if (this.open.push(open) > this.limits.depth)
      throw ValidationFailedError.at('#', 'The body is nested too deeply.');
  }

  private note(pointer: string, detail: string): void {
    this.problems.push({ pointer, detail });
    if (this.problems.length >= mostProblems) throw new ValidationFailedError(this.problems);
  }
}

const inexact =
  'is a number that would come out as another one: send it as a string, where the member takes one';

/** Whole numbers beyond 2^53 can be right by chance only. */
function isKept(value: number, literal: string): boolean {
  return isExactNumber(literal) && (Number.isSafeInteger(value) || !Number.isInteger(value));
}

/** Every object has it, or loses it where it is copied. */
export function isInherited(name: string): boolean {
  return name in Object.prototype || name === 'prototype';
}

export function pointerTo(path: readonly (string | number)[]): string {
  return ['#', ...path.map((name) => String(name).replaceAll('~', '~0').replaceAll('/', '~1'))].join('/');
}
