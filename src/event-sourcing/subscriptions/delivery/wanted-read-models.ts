import { Injectable } from '@nestjs/common';
import { ProgressSignal } from '../../event-store/progress-signal';

/** How long a read model counts as wanted after somebody has waited for it, in milliseconds. */
const wantedMs = 100;

/**
 * The read models that somebody in this process waits for, or has just waited for. Their pages do not wait for company: a caller
 * who reads what it has just written does so again, and finds the read model already there.
 */
@Injectable()
export class WantedReadModels {
  private readonly signal = new ProgressSignal();
  private readonly wantedAt = new Map<string, number>();

  /** Somebody waits for the read model: wakes a page of it that waits for company. */
  want(name: string): void {
    this.wantedAt.set(name, performance.now());
    this.signal.notify();
  }

  isWanted(name: string): boolean {
    return performance.now() - (this.wantedAt.get(name) ?? Number.NEGATIVE_INFINITY) < wantedMs;
  }

  /** Resolves when the read model is wanted, after `timeoutMs`, or when `abort` fires. */
  async wait(name: string, timeoutMs: number, abort: AbortSignal): Promise<void> {
    const end = performance.now() + timeoutMs;
    for (let left = timeoutMs; left > 0 && !this.isWanted(name); left = end - performance.now()) {
      if (abort.aborted) return;
      await this.signal.wait(this.signal.count, left, abort);
    }
  }
}
