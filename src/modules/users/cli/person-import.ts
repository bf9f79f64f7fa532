import { setTimeout as delay } from 'node:timers/promises';
import type { CommandBus, QueryBus } from '@nestjs/cqrs';
import { v5 as uuidv5 } from 'uuid';
import {
  EventStoreOverloadedError,
  EventStoreUnavailableError,
  isDatabaseUnavailable,
} from '../../../event-sourcing';
import { DomainError } from '../../../event-sourcing/domain';
import { type ImportedUser, ImportUser, type PersonToImport } from '../application/import-user.command';
import { SearchUsers } from '../application/search-users.query';
import { Email } from '../domain/email';
import { EmailTakenError, UserIdTakenError } from '../domain/user-errors';
import type { PersonLine } from './people-file/person-line';
import { readPerson, type GivenPerson } from './read-person';

/** Namespace of the ids made for people without one (RFC 9562, version 5): the same address gives the same id again. */
const idNamespace = '5b3c9f6e-52a1-4a5c-9d3e-0a6a0c3f7c11';

/** How long a person waits for a database that is away. Milliseconds. */
const patienceMs = 5 * 60_000;
const pauseMs = 500;

const moved =
  'The user who was imported with this address has another one now. Give the line a userId to create a new user.';

export interface Outcome {
  readonly is: 'created' | 'unchanged' | 'failed';
  /** What the operator should know of the line. */
  readonly problem?: string;
}

/** Imports the people of one file. */
export class PersonImport {
  private readonly lineOfId = new Map<string, number>();

  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly tellWaiting: () => void,
  ) {}

  async import(line: PersonLine): Promise<Outcome> {
    const given = line.person ? readPerson(line.person) : (line.problem ?? 'cannot be read');
    if (typeof given === 'string') return { is: 'failed', problem: given };
    const earlier = this.earlierLine(given, line.line);
    try {
      return outcomeOf(await this.whenAvailable(() => this.importGiven(given)));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { is: 'failed', problem: problemOf(error, given, earlier) };
    }
  }

  /** The line before this one that names the same id. */
  private earlierLine({ userId }: GivenPerson, line: number): number | undefined {
    if (userId === undefined) return undefined;
    const earlier = this.lineOfId.get(userId);
    if (earlier === undefined) this.lineOfId.set(userId, line);
    return earlier;
  }

  private async importGiven(given: GivenPerson): Promise<ImportedUser> {
    const key = Email.of(given.email).key;
    const person = { ...given, userId: given.userId ?? uuidv5(key, idNamespace) };
    try {
      return await this.commands.execute(new ImportUser(person));
    } catch (error) {
      if (!(error instanceof EmailTakenError) || given.userId !== undefined) throw error;
      return this.importAsHolder(person, error);
    }
  }

  /** The person may be a user already, under an id that another way gave. */
  private async importAsHolder(person: PersonToImport, taken: EmailTakenError): Promise<ImportedUser> {
    const email = Email.of(person.email);
    const { users } = await this.queries.execute(new SearchUsers({ email: email.value, limit: 1_000 }));
    const holder = users.find((user) => Email.stored(user.email).equals(email));
    if (!holder) throw taken;
    return this.commands.execute(new ImportUser({ ...person, userId: holder.userId }));
  }

  /** Safe to repeat: a person whose first try was stored without an answer is found to be there already. */
  private async whenAvailable<T>(work: () => Promise<T>): Promise<T> {
    for (const end = Date.now() + patienceMs; ; await delay(pauseMs)) {
      try {
        return await work();
      } catch (error) {
        if (!isAway(error) || Date.now() > end) throw error;
        this.tellWaiting();
      }
    }
  }
}

function outcomeOf({ isCreated, differences }: ImportedUser): Outcome {
  if (isCreated) return { is: 'created' };
  if (differences.length === 0) return { is: 'unchanged' };
  return {
    is: 'unchanged',
    problem: `there already, with another ${differences.join(' and ')}, which stays`,
  };
}

function problemOf(error: DomainError, { userId }: GivenPerson, earlier: number | undefined): string {
  if (error instanceof UserIdTakenError && userId === undefined) return moved;
  return earlier === undefined ? error.message : `${error.message} Line ${earlier} has the same id.`;
}

function isAway(error: unknown): boolean {
  return (
    error instanceof EventStoreUnavailableError ||
    error instanceof EventStoreOverloadedError ||
    isDatabaseUnavailable(error)
  );
}
