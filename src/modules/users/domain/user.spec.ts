import { specFor } from '../../../event-sourcing/testing';
import { Email } from './email';
import { User } from './user';
import { UserDeactivatedError } from './user-errors';
import { UserCreated, UserDeactivated, UserEmailChanged, UserReactivated, UserRenamed } from './user-events';
import { UserName } from './user-name';

const ada = new UserCreated('Ada', 'ada@example.com');
const active = specFor(User).given(ada);
const deactivated = active.given(new UserDeactivated());
const adas = { scope: 'user.email', value: 'ada@example.com' };
const graces = { scope: 'user.email', value: 'grace@example.com' };

describe('creating a user', () => {
  it('raises UserCreated with the name and the e-mail address as they are kept', () => {
    specFor(User)
      .when(() => User.create('u-1', UserName.of('  Ada '), Email.of(' Ada@Example.com ')))
      .thenRaises(ada);
  });

  it('claims the e-mail address, under the id that was given', () => {
    const create = (): User => User.create('u-1', UserName.of('Ada'), Email.of('ada@example.com'));
    const created = specFor(User).when(create);
    created.thenClaims(adas);
    created.thenReleases();
    expect(create().id).toBe('u-1');
  });
});

describe('renaming a user', () => {
  it('raises UserRenamed', () => {
    active.when((user) => user.rename(UserName.of('Grace'))).thenRaises(new UserRenamed('Grace'));
  });

  it('raises nothing when the name is the same, spaces around it aside', () => {
    active.when((user) => user.rename(UserName.of(' Ada '))).thenRaisesNothing();
  });

  it('tells names apart by case', () => {
    active.when((user) => user.rename(UserName.of('ADA'))).thenRaises(new UserRenamed('ADA'));
  });

  it.each(['Grace', 'Ada'])('is refused while the user is deactivated (to %s)', (name) => {
    deactivated.when((user) => user.rename(UserName.of(name))).thenThrows(UserDeactivatedError);
  });
});

describe("changing a user's e-mail address", () => {
  it('raises UserEmailChanged with the old and the new address', () => {
    active
      .when((user) => user.changeEmail(Email.of('grace@example.com')))
      .thenRaises(new UserEmailChanged('ada@example.com', 'grace@example.com'));
  });

  it('claims the new address and releases the old one', () => {
    const changed = active.when((user) => user.changeEmail(Email.of('grace@example.com')));
    changed.thenClaims(graces);
    changed.thenReleases(adas);
  });

  it('keeps the address it had when it is changed there and back before it is stored', () => {
    const changed = active.when((user) => {
      user.changeEmail(Email.of('grace@example.com'));
      user.changeEmail(Email.of('ada@example.com'));
    });
    changed.thenClaims(adas);
    changed.thenReleases(graces);
  });

  it.each(['ada@example.com', 'ADA@Example.COM', '  ada@example.com\t'])(
    'raises nothing and claims nothing when the address is the same (%j)',
    (same) => {
      const changed = active.when((user) => user.changeEmail(Email.of(same)));
      changed.thenRaisesNothing();
      changed.thenClaims();
      changed.thenReleases();
    },
  );

  it.each(['grace@example.com', 'ada@example.com', 'ADA@example.com'])(
    'is refused while the user is deactivated (to %s)',
    (next) => {
      deactivated.when((user) => user.changeEmail(Email.of(next))).thenThrows(UserDeactivatedError);
    },
  );
});

describe('deactivating a user', () => {
  it('raises UserDeactivated, and keeps the e-mail address claimed', () => {
    const gone = active.when((user) => user.deactivate());
    gone.thenRaises(new UserDeactivated());
    gone.thenReleases();
  });

  it('raises nothing when the user is deactivated already', () => {
    deactivated.when((user) => user.deactivate()).thenRaisesNothing();
  });

  it('raises one event when it is asked for twice before it is stored', () => {
    active
      .when((user) => {
        user.deactivate();
        user.deactivate();
      })
      .thenRaises(new UserDeactivated());
  });
});

describe('reactivating a user', () => {
  it('raises UserReactivated', () => {
    deactivated.when((user) => user.reactivate()).thenRaises(new UserReactivated());
  });

  it('raises nothing when the user is active', () => {
    active.when((user) => user.reactivate()).thenRaisesNothing();
  });

  it('allows changes again', () => {
    deactivated
      .given(new UserReactivated())
      .when((user) => user.rename(UserName.of('Grace')))
      .thenRaises(new UserRenamed('Grace'));
  });
});

describe('a user loaded from events of all five kinds', () => {
  const history = [
    ada,
    new UserRenamed('Grace'),
    new UserEmailChanged('ada@example.com', 'grace@example.com'),
    new UserDeactivated(),
    new UserReactivated(),
  ];
  const veteran = specFor(User).given(...history);

  it('decides upon the last name', () => {
    veteran.when((user) => user.rename(UserName.of('Grace'))).thenRaisesNothing();
    veteran.when((user) => user.rename(UserName.of('Ada'))).thenRaises(new UserRenamed('Ada'));
  });

  it('decides upon the last e-mail address', () => {
    veteran.when((user) => user.changeEmail(Email.of('grace@example.com'))).thenRaisesNothing();
    veteran
      .when((user) => user.changeEmail(Email.of('ada@example.com')))
      .thenRaises(new UserEmailChanged('grace@example.com', 'ada@example.com'));
  });

  it('is active again', () => {
    veteran.when((user) => user.reactivate()).thenRaisesNothing();
    veteran.when((user) => user.deactivate()).thenRaises(new UserDeactivated());
  });
});
