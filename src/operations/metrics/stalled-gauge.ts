import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { SubscriptionWatchdog } from '../../event-sourcing';
import { Metrics } from '../../platform';

/** What the watchdog of this process has found to make no progress; nothing where no subscriptions run. */
@Injectable()
export class StalledGauge {
  constructor({ registry }: Metrics, watchdog: SubscriptionWatchdog) {
    new Gauge({
      name: 'annals_subscription_stalled',
      help: '1: the subscription or its rebuild makes no progress although events wait.',
      labelNames: ['subscription'],
      registers: [registry],
      collect() {
        this.reset();
        for (const subscription of watchdog.stalled()) this.set({ subscription }, 1);
      },
    });
  }
}
