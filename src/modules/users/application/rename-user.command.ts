import { Command, CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { AppendResult, EventSourcedRepository, InjectAggregate } from '../../../event-sourcing';
import { User } from '../domain/user';
import { UserName } from '../domain/user-name';

export class RenameUser extends Command<AppendResult> {
  constructor(
    readonly userId: string,
    readonly name: string,
    readonly ifVersion?: readonly number[],
  ) {
    super();
  }
}

@CommandHandler(RenameUser)
export class RenameUserHandler implements ICommandHandler<RenameUser> {
  constructor(@InjectAggregate(User) private readonly users: EventSourcedRepository<User>) {}

  async execute({ userId, name, ifVersion }: RenameUser): Promise<AppendResult> {
    return this.users.update(userId, (user) => user.rename(UserName.of(name)), { ifVersion });
  }
}
