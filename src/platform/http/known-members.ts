import { defaultMetadataStorage } from 'class-transformer/cjs/storage';
import { getMetadataStorage } from 'class-validator';

/** A class of requests, or of what stands in them. */
export type RequestClass = abstract new (...args: never[]) => object;

/** What may stand at a place of a request: one value, something with the members of a class (or a list of such), or anything. */
export type Expected = 'value' | 'anything' | RequestClass;

export type KnownMembers = ReadonlyMap<string, Expected>;

const values = new Set<unknown>([String, Number, Boolean, BigInt, Date]);
const classless = new Set<unknown>([Object, Array, Map, Set, Buffer, undefined]);
const known = new WeakMap<RequestClass, KnownMembers>();

/** What a type stands for that the compiler has noted (`design:type`, `design:paramtypes`). */
export function expectedOf(type: unknown): Expected {
  if (values.has(type)) return 'value';
  return classless.has(type) || typeof type !== 'function' ? 'anything' : (type as RequestClass);
}

/** The members of a class: those with a rule of the validator, by the name that a request gives them. */
export function membersOf(type: RequestClass): KnownMembers {
  const before = known.get(type);
  if (before !== undefined) return before;
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  const properties = new Set(rules.map(({ propertyName }) => propertyName));
  const members = new Map(
    [...properties].map((property) => [nameOf(type, property), expectedAt(type, property)]),
  );
  known.set(type, members);
  return members;
}

function nameOf(type: RequestClass, property: string): string {
  return defaultMetadataStorage.findExposeMetadata(type, property)?.options.name ?? property;
}

/** Without `@Type`, the transformer leaves an object as it came: whatever is in it is for the class to judge. */
function expectedAt(type: RequestClass, property: string): Expected {
  const nested = defaultMetadataStorage.findTypeMetadata(type, property) as
    | { readonly typeFunction: () => unknown; readonly options?: { readonly discriminator?: object } }
    | undefined;
  if (nested?.options?.discriminator !== undefined) return 'anything';
  if (nested !== undefined) return expectedOf(nested.typeFunction());
  return expectedOf(Reflect.getMetadata('design:type', type.prototype as object, property)) === 'value'
    ? 'value'
    : 'anything';
}
