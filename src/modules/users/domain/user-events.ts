import { DomainEvent } from '../../../event-sourcing/domain';

@DomainEvent('UserCreated', { version: 1 })
export class UserCreated {
  constructor(
    readonly name: string,
    readonly email: string,
  ) {}
}

@DomainEvent('UserRenamed', { version: 1 })
export class UserRenamed {
  constructor(readonly name: string) {}
}

@DomainEvent('UserEmailChanged', { version: 1 })
export class UserEmailChanged {
  constructor(
    readonly oldEmail: string,
    readonly newEmail: string,
  ) {}
}

@DomainEvent('UserDeactivated', { version: 1 })
export class UserDeactivated {}

@DomainEvent('UserReactivated', { version: 1 })
export class UserReactivated {}
