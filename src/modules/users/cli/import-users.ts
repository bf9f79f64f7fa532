import { CommandBus } from '@nestjs/cqrs';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { v5 as uuidv5 } from 'uuid';
import { AggregateAlreadyExistsError } from '../../../event-sourcing';
import { DomainError } from '../../../event-sourcing/domain';
import type { CommandContext } from '../../../platform';
import { CreateUser } from '../application/create-user.command';
import { withoutCase } from '../domain/email';
import { CreateUserBody } from '../http/user-requests';
import { fileSize, PersonLine, readPeople } from './people-file';

/** Namespace of the ids made for people without one (RFC 9562, version 5): the same address gives the same id again. */
const idNamespace = '5b3c9f6e-52a1-4a5c-9d3e-0a6a0c3f7c11';

/** How many people are under way at once: enough to fill the batches of the log. */
const atOnce = 64;

interface ImportTally {
  created: number;
  unchanged: number;
  failed: number;
}

/**
 * Creates a user for every line. A second run of the same file changes nothing, so an import that was cut off is simply
 * run again. A wrong line is reported by its number, and the others go on.
 */
export async function importUsers({ application, output }: CommandContext, path: string): Promise<boolean> {
  const size = await fileSize(path);
  const commands = (await application()).get(CommandBus, { strict: false });
  const tally: ImportTally = { created: 0, unchanged: 0, failed: 0 };
  const progress = output.progress('Importing');
  const importLine = async (line: PersonLine): Promise<void> => {
    const outcome = await importPerson(commands, line);
    if (outcome === 'created' || outcome === 'unchanged') {
      tally[outcome]++;
    } else {
      tally.failed++;
      output.complain({ line: line.line, problem: outcome }, `Line ${line.line}: ${outcome}`);
    }
    progress.update(line.bytes, size);
  };
  await forEachAtOnce(readPeople(path), importLine);
  progress.stop();
  output.print(tally, `${tally.created} created, ${tally.unchanged} there already, ${tally.failed} failed.`);
  return tally.failed === 0;
}

/** `created`, `unchanged`, or what is wrong with the line. */
async function importPerson(commands: CommandBus, { person, problem }: PersonLine): Promise<string> {
  if (!person) return problem ?? 'cannot be read';
  const given = Object.fromEntries(Object.entries(person).filter(([, value]) => value !== ''));
  const body = plainToInstance(CreateUserBody, given);
  const wrong = [...inheritedMembers(person), ...wrongMembers(body)];
  if (wrong.length > 0) return wrong.join('; ');
  const userId = body.userId ?? uuidv5(withoutCase(body.email), idNamespace);
  try {
    await commands.execute(new CreateUser(userId, body.name, body.email));
    return 'created';
  } catch (error) {
    if (error instanceof AggregateAlreadyExistsError) return 'unchanged';
    if (error instanceof DomainError) return error.message;
    throw error;
  }
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

async function forEachAtOnce<T>(items: AsyncIterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const underWay = new Set<Promise<void>>();
  for await (const item of items) {
    const one = work(item).finally(() => underWay.delete(one));
    underWay.add(one);
    if (underWay.size >= atOnce) await Promise.race(underWay);
  }
  await Promise.all(underWay);
}
