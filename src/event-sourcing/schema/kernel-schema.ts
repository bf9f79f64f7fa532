import { EventSourcingError } from '../domain/event-sourcing-error';

/** The name cannot be that of the kernel's schema. */
export class SchemaNameError extends EventSourcingError {
  readonly code = 'schema.name-invalid';
  readonly kind = 'defect';

  constructor(name: unknown, problem: string) {
    super(
      `The event store cannot have the schema ${JSON.stringify(name)}: ${problem}. Name another one: schema: 'annals'.`,
    );
  }
}

const shape = /^[a-z_][a-z0-9_]*$/;

/** Characters: Postgres cuts longer names, and the suffix of shadow tables comes on top. */
const longest = 63 - '_shadow'.length;

/** The Postgres schema that holds all tables and functions of the kernel, and the two beside it that rebuilds use. */
export class KernelSchema {
  readonly shadowName: string;
  readonly oldName: string;

  /** @throws SchemaNameError */
  constructor(readonly name = 'annals') {
    const problem = problemOf(name);
    if (problem !== undefined) throw new SchemaNameError(name, problem);
    this.shadowName = `${name}_shadow`;
    this.oldName = `${name}_old`;
  }
}

function problemOf(name: unknown): string | undefined {
  if (typeof name !== 'string' || !shape.test(name))
    return 'a name has lower-case letters, digits and underscores, and begins with no digit';
  if (name.length > longest) return `a name has ${longest} characters at most`;
  if (name.startsWith('pg_') || name === 'information_schema') return 'Postgres keeps this name for itself';
  if (name === 'public')
    return 'the functions that append run as their owner, so no other role may create objects there';
  if (/_(?:shadow|old)$/.test(name)) return 'this ending is for the tables of rebuilds';
  return undefined;
}
