import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { CreateUserBody } from '../http/user-requests';

export interface GivenPerson {
  readonly userId?: string;
  readonly name: string;
  readonly email: string;
  readonly isActive: boolean;
}

/** Members that an export tells and that the log makes itself. */
const toldOnly = ['createdAt', 'updatedAt', 'version'];

/** The person that a line gives, or what is wrong with the line. */
export function readPerson(line: Readonly<Record<string, unknown>>): GivenPerson | string {
  const given = Object.fromEntries(
    Object.entries(line).filter(([name, value]) => value !== '' && !toldOnly.includes(name)),
  );
  const { isActive: state = true, ...rest } = given;
  const isActive = trueOrFalse(state);
  const body = plainToInstance(CreateUserBody, rest);
  const wrong = [...inheritedMembers(line), ...wrongMembers(body)];
  if (isActive === undefined) wrong.push('isActive must be true or false');
  if (wrong.length > 0 || isActive === undefined) return wrong.join('; ');
  return { userId: body.userId, name: body.name, email: body.email, isActive };
}

function trueOrFalse(value: unknown): boolean | undefined {
  const text = String(value).toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/** Members that every object has already (`constructor`), which the check for unknown members overlooks. */
function inheritedMembers(person: object): string[] {
  const names = Object.keys(person).filter((name) => name in Object.prototype);
  return names.map((name) => `property ${name} should not exist`);
}

function wrongMembers(body: CreateUserBody): string[] {
  const problems = validateSync(body, {
    whitelist: true,
    forbidNonWhitelisted: true,
    stopAtFirstError: true,
  });
  return problems.flatMap(({ constraints }) => Object.values(constraints ?? {}));
}
