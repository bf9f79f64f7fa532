import { Aggregate, AggregateRoot, On } from '../../../event-sourcing/domain';
import { Email } from './email';
import { UserDeactivatedError } from './user-errors';
import { UserCreated, UserDeactivated, UserEmailChanged, UserReactivated, UserRenamed } from './user-events';
import { UserName } from './user-name';

@Aggregate('User')
export class User extends AggregateRoot {
  private name = '';
  private email = '';
  private isActive = false;

  static create(id: string, name: UserName, email: Email): User {
    const user = new User(id);
    user.raise(new UserCreated(name.value, email.value));
    user.claim(email.claim);
    return user;
  }

  rename(name: UserName): void {
    this.assertActive();
    if (name.value === this.name) return;
    this.raise(new UserRenamed(name.value));
  }

  changeEmail(next: Email): void {
    this.assertActive();
    const current = Email.stored(this.email);
    if (next.equals(current)) return;
    this.raise(new UserEmailChanged(current.value, next.value));
    this.claim(next.claim);
    this.release(current.claim);
  }

  /** A deactivated user keeps the e-mail address, so that nobody else can take it meanwhile. */
  deactivate(): void {
    if (this.isActive) this.raise(new UserDeactivated());
  }

  reactivate(): void {
    if (!this.isActive) this.raise(new UserReactivated());
  }

  hasEmail(email: Email): boolean {
    return email.equals(Email.stored(this.email));
  }

  /** What is otherwise than the caller thinks. */
  differencesFrom(name: UserName, isActive: boolean): readonly ('name' | 'isActive')[] {
    const differences: ('name' | 'isActive')[] = [];
    if (name.value !== this.name) differences.push('name');
    if (isActive !== this.isActive) differences.push('isActive');
    return differences;
  }

  private assertActive(): void {
    if (!this.isActive) throw new UserDeactivatedError();
  }

  @On(UserCreated)
  protected onCreated(event: UserCreated): void {
    this.name = event.name;
    this.email = event.email;
    this.isActive = true;
  }

  @On(UserRenamed)
  protected onRenamed(event: UserRenamed): void {
    this.name = event.name;
  }

  @On(UserEmailChanged)
  protected onEmailChanged(event: UserEmailChanged): void {
    this.email = event.newEmail;
  }

  @On(UserDeactivated)
  protected onDeactivated(_event: UserDeactivated): void {
    this.isActive = false;
  }

  @On(UserReactivated)
  protected onReactivated(_event: UserReactivated): void {
    this.isActive = true;
  }
}
