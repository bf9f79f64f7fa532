import { DomainError } from '../../../event-sourcing/domain';

export class UserDeactivatedError extends DomainError {
  readonly code = 'user.deactivated';

  constructor() {
    super('The user is deactivated. Reactivate the user first.');
  }
}

export class EmailTakenError extends DomainError {
  readonly code = 'email.taken';
  override readonly kind = 'conflict';

  constructor() {
    super('Another user has this e-mail address.');
  }
}

/** The id is that of a user whose address is another: it is not the same person. */
export class UserIdTakenError extends DomainError {
  readonly code = 'user-id.taken';
  override readonly kind = 'conflict';

  constructor() {
    super('A user with another e-mail address has this id.');
  }
}

export class InvalidEmailError extends DomainError {
  readonly code = 'email.invalid';
  override readonly kind = 'invalid';
}

export class InvalidUserNameError extends DomainError {
  readonly code = 'user-name.invalid';
  override readonly kind = 'invalid';
}
