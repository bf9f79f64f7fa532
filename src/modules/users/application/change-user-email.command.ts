import { Command, CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { AppendResult, EventSourcedRepository, InjectAggregate } from '../../../event-sourcing';
import { Email } from '../domain/email';
import { User } from '../domain/user';

export class ChangeUserEmail extends Command<AppendResult> {
  constructor(
    readonly userId: string,
    readonly email: string,
    readonly ifVersion?: readonly number[],
  ) {
    super();
  }
}

@CommandHandler(ChangeUserEmail)
export class ChangeUserEmailHandler implements ICommandHandler<ChangeUserEmail> {
  constructor(@InjectAggregate(User) private readonly users: EventSourcedRepository<User>) {}

  async execute({ userId, email, ifVersion }: ChangeUserEmail): Promise<AppendResult> {
    return this.users.update(userId, (user) => user.changeEmail(Email.of(email)), { ifVersion });
  }
}
