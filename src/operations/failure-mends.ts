import { Injectable, Logger, OnModuleDestroy } from '@nestjs/common';
import { subscriptionFailure } from '../event-sourcing';
import { mendOf } from './mends';

/** Says in the log what to do when a subscription of this process begins to fail, beside the line of the kernel that says why. */
@Injectable()
export class FailureMends implements OnModuleDestroy {
  private readonly logger = new Logger('Subscriptions');

  private readonly end = subscriptionFailure.subscribe(({ subscription, error, failuresInARow }) => {
    const mend = failuresInARow === 1 ? mendOf(error, subscription) : undefined;
    if (mend) this.logger.warn(`What to do about "${subscription}": ${mend}`);
  });

  onModuleDestroy(): void {
    this.end();
  }
}
