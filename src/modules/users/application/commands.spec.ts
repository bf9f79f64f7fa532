import {
  AggregateAlreadyExistsError,
  AggregateNotFoundError,
  VersionPreconditionError,
} from '../../../event-sourcing';
import { handlerSpec } from '../../../event-sourcing/testing';
import { User } from '../domain/user';
import { UserDeactivatedError } from '../domain/user-errors';
import { UserCreated, UserDeactivated, UserReactivated, UserRenamed } from '../domain/user-events';
import { CreateUser, CreateUserHandler } from './create-user.command';
import { DeactivateUser, DeactivateUserHandler } from './deactivate-user.command';
import { ReactivateUser, ReactivateUserHandler } from './reactivate-user.command';
import { RenameUser, RenameUserHandler } from './rename-user.command';

const ada = new UserCreated('Ada', 'ada@example.com');

describe('the commands of users', () => {
  it('create a user, once', async () => {
    const create = handlerSpec(CreateUserHandler);
    const command = new CreateUser('u-1', ' Ada ', 'Ada@Example.com');
    await create.when(command).thenRaises(User, 'u-1', ada);
    await create.given(User, 'u-1', ada).when(command).thenThrows(AggregateAlreadyExistsError);
  });

  it('rename a user, and refuse while it is deactivated, unknown, or elsewhere than the caller saw it', async () => {
    const rename = handlerSpec(RenameUserHandler).given(User, 'u-1', ada);
    await rename.when(new RenameUser('u-1', 'Grace')).thenRaises(User, 'u-1', new UserRenamed('Grace'));
    await rename
      .given(User, 'u-1', new UserDeactivated())
      .when(new RenameUser('u-1', 'Grace'))
      .thenThrows(UserDeactivatedError);
    await rename.when(new RenameUser('u-2', 'Grace')).thenThrows(AggregateNotFoundError);
    await rename.when(new RenameUser('u-1', 'Grace', [2])).thenThrows(VersionPreconditionError);
  });

  it('deactivate and reactivate a user', async () => {
    const deactivated = handlerSpec(DeactivateUserHandler).given(User, 'u-1', ada);
    await deactivated.when(new DeactivateUser('u-1')).thenRaises(User, 'u-1', new UserDeactivated());
    await handlerSpec(ReactivateUserHandler)
      .given(User, 'u-1', ada, new UserDeactivated())
      .when(new ReactivateUser('u-1'))
      .thenRaises(User, 'u-1', new UserReactivated());
  });
});
