import type { ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum';
import { type Expected, expectedOf, type KnownMembers, membersOf } from './known-members';

/** What a route takes, by the parameters of its method. */
export interface RouteInputs {
  readonly query: Taken;
  readonly body: Taken;
  /** A class of the route judges the query, or the body, as a whole, and tells all that is wrong with it at once. */
  readonly isQueryJudged: boolean;
  readonly isBodyJudged: boolean;
}

/** Members by name, or anything. A route without `@Query()` takes none from the query, one without `@Body()` none from the body. */
export type Taken = KnownMembers | 'anything';

interface Parameter {
  readonly index: number;
  /** Of `@Query('name')`: one member, and not all of them. */
  readonly data?: unknown;
  /** A schema of another library, which judges by itself. */
  readonly schema?: unknown;
}

interface TypedParameter extends Omit<Parameter, 'index'> {
  readonly expected: Expected;
}

const known = new WeakMap<object, RouteInputs>();

export function inputsOf(context: ExecutionContext): RouteInputs {
  const method = context.getHandler();
  const before = known.get(method);
  if (before !== undefined) return before;
  const controller = context.getClass();
  const name = nameOf(method, controller.prototype as object);
  const parameters = Object.entries(
    (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<string, Parameter>,
  );
  const types = (Reflect.getMetadata('design:paramtypes', controller.prototype as object, name) ??
    []) as unknown[];
  const ofKind = (kind: RouteParamtypes) =>
    parameters
      .filter(([key]) => key.startsWith(`${kind}:`))
      .map(([, { index, ...parameter }]) => ({ ...parameter, expected: expectedOf(types[index]) }));
  // A method that gets the whole request reads of it what it likes.
  const all: Taken = ofKind(RouteParamtypes.REQUEST).length > 0 ? 'anything' : new Map();
  const body = [...ofKind(RouteParamtypes.BODY), ...ofKind(RouteParamtypes.RAW_BODY)];
  const query = ofKind(RouteParamtypes.QUERY);
  const inputs = {
    query: query.map(takenBy).reduce(both, all),
    body: body.map(takenBy).reduce(both, all),
    isQueryJudged: query.some(isJudge),
    isBodyJudged: body.some(isJudge),
  };
  known.set(method, inputs);
  return inputs;
}

/** Its own name may be another: decorators wrap methods. */
function nameOf(method: unknown, prototype: object): string {
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const found = Object.getOwnPropertyNames(at).find(
      (name) => Object.getOwnPropertyDescriptor(at, name)?.value === method,
    );
    if (found !== undefined) return found;
  }
  throw new Error(`The method of the route is not one of its controller.`);
}

function isJudge({ data, expected }: TypedParameter): boolean {
  return data === undefined && typeof expected === 'function';
}

function takenBy({ data, schema, expected }: TypedParameter): Taken {
  if (typeof data === 'string') return new Map([[data, schema === undefined ? expected : 'anything']]);
  return schema !== undefined || typeof expected === 'string' ? 'anything' : membersOf(expected);
}

function both(one: Taken, other: Taken): Taken {
  return one === 'anything' || other === 'anything' ? 'anything' : new Map([...one, ...other]);
}
