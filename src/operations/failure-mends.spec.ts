import { Logger } from '@nestjs/common';
import { LogHoleError, subscriptionFailure } from '../event-sourcing';
import { FailureMends } from './failure-mends';

describe('a subscription that begins to fail', () => {
  it('is told with what to do, once, and only where this program knows', () => {
    const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    const failure = { subscription: 'users', segment: 0, error: new LogHoleError(7n, 9n) };
    const mends = new FailureMends();
    subscriptionFailure.publish({ ...failure, failuresInARow: 1 });
    subscriptionFailure.publish({ ...failure, failuresInARow: 2 });
    subscriptionFailure.publish({ ...failure, error: new Error('boom'), failuresInARow: 1 });
    mends.onModuleDestroy();
    subscriptionFailure.publish({ ...failure, failuresInARow: 1 });
    expect(warned.mock.calls).toEqual([['What to do about "users": Run: npm run cli -- verify']]);
    warned.mockRestore();
  });
});
