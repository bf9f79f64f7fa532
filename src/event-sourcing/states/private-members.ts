import inspector from 'node:inspector';
import { hasPrivateMember } from '../event-store/stored-members';

/**
 * Where the debugger finds the object, and puts its members: on a module that every context of the process shares. A test runner
 * may give the code a global object of its own.
 */
const desk = Symbol.for('@annals/nestjs private members');
const deskInWords = `process.getBuiltinModule('node:inspector')[Symbol.for('@annals/nestjs private members')]`;

/**
 * The `#private` members of an object, those of its base classes first, by their names with the `#`. No code outside a class sees
 * them, so the debugger of this process is asked (no port is opened): about 0.3 ms for an object that has any, so it is for the eyes
 * of operators, not for a command.
 */
export function privateMembers(object: object): readonly (readonly [string, unknown])[] {
  if (!hasPrivateMember(object.constructor)) return [];
  const session = new inspector.Session();
  const place = inspector as unknown as Record<symbol, unknown>;
  const values: unknown[] = [];
  session.connect();
  try {
    place[desk] = { object, values };
    return read(session).map((name, index) => [name, values[index]] as const);
  } finally {
    place[desk] = undefined;
    session.disconnect();
  }
}

/** The names; the values are put on the desk, in the same order. */
function read(session: inspector.Session): readonly string[] {
  const { objectId } = ask<{ result: inspector.Runtime.RemoteObject }>(session, 'Runtime.evaluate', {
    expression: `${deskInWords}.object`,
  }).result;
  const { privateProperties = [] } = ask<inspector.Runtime.GetPropertiesReturnType & PrivateProperties>(
    session,
    'Runtime.getProperties',
    { objectId, ownProperties: true },
  );
  // Methods and accessors have no value of their own.
  const members = privateProperties.filter(({ value }) => value !== undefined && value.type !== 'function');
  ask(session, 'Runtime.callFunctionOn', {
    objectId,
    functionDeclaration: `function (...values) { ${deskInWords}.values.push(...values); }`,
    arguments: members.map(({ value }) => argumentOf(value!)),
  });
  return members.map(({ name }) => name);
}

interface PrivateProperties {
  readonly privateProperties?: readonly {
    readonly name: string;
    readonly value?: inspector.Runtime.RemoteObject;
  }[];
}

function argumentOf({ objectId, unserializableValue, value }: inspector.Runtime.RemoteObject): object {
  if (objectId !== undefined) return { objectId };
  return unserializableValue === undefined ? { value: value as unknown } : { unserializableValue };
}

/** Sessions of the same thread answer before `post` returns. */
function ask<R>(session: inspector.Session, method: string, parameters: object): R {
  let answer: unknown;
  session.post(method, parameters, (error, result) => {
    if (error) throw error;
    answer = result;
  });
  return answer as R;
}
