import { Command, CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { AppendResult, EventSourcedRepository, InjectAggregate } from '../../../event-sourcing';
import { Email } from '../domain/email';
import { User } from '../domain/user';
import { UserName } from '../domain/user-name';

export class CreateUser extends Command<AppendResult> {
  constructor(
    readonly userId: string,
    readonly name: string,
    readonly email: string,
  ) {
    super();
  }
}

@CommandHandler(CreateUser)
export class CreateUserHandler implements ICommandHandler<CreateUser> {
  constructor(@InjectAggregate(User) private readonly users: EventSourcedRepository<User>) {}

  async execute({ userId, name, email }: CreateUser): Promise<AppendResult> {
    return this.users.save(User.create(userId, UserName.of(name), Email.of(email)));
  }
}
