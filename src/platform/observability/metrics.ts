import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Registry } from 'prom-client';

/** The metrics of this process. Names are `annals_…`, besides those that every Node process has: `process_…`, `nodejs_…`. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();
  private readonly refreshes: (() => Promise<void>)[] = [];

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** `refresh` brings values up to date before each scrape, which waits for it. It must not throw. */
  beforeScrape(refresh: () => Promise<void>): void {
    this.refreshes.push(refresh);
  }

  /** All metrics in the text format of Prometheus. */
  async scrape(): Promise<string> {
    await Promise.all(this.refreshes.map((refresh) => refresh()));
    return this.registry.metrics();
  }
}

/** Upper bounds of histograms of time, in seconds. */
export const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
