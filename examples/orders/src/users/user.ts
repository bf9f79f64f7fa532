import { Aggregate, AggregateRoot, DomainEvent, On } from '@annals/nestjs/domain';

@DomainEvent('UserRegistered')
export class UserRegistered {
  constructor(readonly name: string) {}
}

@DomainEvent('UserDeactivated')
export class UserDeactivated {}

@Aggregate('User')
export class User extends AggregateRoot {
  private isActive = false;

  static register(id: string, name: string): User {
    const user = new User(id);
    user.raise(new UserRegistered(name));
    return user;
  }

  deactivate(): void {
    if (this.isActive) this.raise(new UserDeactivated());
  }

  @On(UserRegistered)
  protected onRegistered(_event: UserRegistered): void {
    this.isActive = true;
  }

  @On(UserDeactivated)
  protected onDeactivated(_event: UserDeactivated): void {
    this.isActive = false;
  }
}
