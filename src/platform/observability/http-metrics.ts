import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import { Metrics, secondsBuckets } from './metrics';

/** Which request, for a counter: few values, whatever callers send. */
export interface RequestLabels {
  readonly method: string;
  /** The template of the route, or `unmatched`; never the path. */
  readonly route: string;
  readonly status: number;
}

const labelNames = ['method', 'route', 'status'] as const;

@Injectable()
export class HttpMetrics {
  private readonly count: Counter<(typeof labelNames)[number]>;
  private readonly duration: Histogram<(typeof labelNames)[number]>;

  constructor({ registry }: Metrics) {
    const registers = [registry];
    this.count = new Counter({
      name: 'annals_http_requests_total',
      help: 'Requests that were answered, or given up by the client (status 499).',
      labelNames,
      registers,
    });
    this.duration = new Histogram({
      name: 'annals_http_request_duration_seconds',
      help: 'Time from the head of a request to the end of its answer.',
      labelNames,
      buckets: secondsBuckets,
      registers,
    });
  }

  /** `seconds` is undefined for an answer that is as long as the client listens. */
  observe(labels: RequestLabels, seconds: number | undefined): void {
    this.count.inc({ ...labels });
    if (seconds !== undefined) this.duration.observe({ ...labels }, seconds);
  }
}
