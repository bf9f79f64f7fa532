import { Command, CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import {
  AggregateAlreadyExistsError,
  EventSourcedRepository,
  InjectAggregate,
} from '../../../event-sourcing';
import { Email } from '../domain/email';
import { User } from '../domain/user';
import { UserIdTakenError } from '../domain/user-errors';
import { UserName } from '../domain/user-name';

export interface PersonToImport {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly isActive: boolean;
}

export interface ImportedUser {
  /** False when the person was a user already. */
  readonly isCreated: boolean;
  /** What is stored otherwise than the import says, and stays so. */
  readonly differences: readonly ('name' | 'isActive')[];
}

/** Creates a user, unless the very person is a user already. */
export class ImportUser extends Command<ImportedUser> {
  constructor(readonly person: PersonToImport) {
    super();
  }
}

@CommandHandler(ImportUser)
export class ImportUserHandler implements ICommandHandler<ImportUser> {
  constructor(@InjectAggregate(User) private readonly users: EventSourcedRepository<User>) {}

  /** @throws UserIdTakenError when the id is that of a user with another address; EmailTakenError. */
  async execute({ person }: ImportUser): Promise<ImportedUser> {
    const name = UserName.of(person.name);
    const email = Email.of(person.email);
    const user = User.create(person.userId, name, email);
    if (!person.isActive) user.deactivate();
    try {
      await this.users.save(user);
      return { isCreated: true, differences: [] };
    } catch (error) {
      if (!(error instanceof AggregateAlreadyExistsError)) throw error;
    }
    const stored = await this.users.get(person.userId);
    if (!stored.hasEmail(email)) throw new UserIdTakenError();
    return { isCreated: false, differences: stored.differencesFrom(name, person.isActive) };
  }
}
