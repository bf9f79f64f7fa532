import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { failureInWords } from '../../describe-thrown';
import { ProgressSignal } from '../../event-store/progress-signal';
import { DATA_SOURCE, SETTINGS } from '../../injection-tokens';
import { SubscriptionRun } from '../../subscriptions/delivery/subscription-run';
import { RunFactory } from '../../subscriptions/delivery/run-factory';
import type { SubscriptionSettings } from '../../subscriptions/subscription-settings';
import { shadowName } from '../../subscriptions/subscriber';
import { schemaOf } from '../../schema/query';
import { Projection } from '../projection';
import { segmentsOf } from '../projection-segment';
import { Projections } from '../projections';
import { RebuildSchedule } from './rebuild-schedule';
import { isFor, Rebuild, Rebuilds } from './rebuilds';
import { RebuildSwap } from './rebuild-swap';

/** Carries out the rebuilds that were ordered for this program: fills the shadow tables, and swaps them in. */
@Injectable()
export class RebuildRunner {
  private readonly logger = new Logger(RebuildRunner.name);
  private readonly stopping = new AbortController();
  private readonly runs = new Map<string, SubscriptionRun>();
  private readonly analyzed = new Set<string>();
  private readonly schedules = new Map<string, RebuildSchedule>();
  private running: Promise<void> | undefined;

  constructor(
    private readonly projections: Projections,
    private readonly rebuilds: Rebuilds,
    private readonly swap: RebuildSwap,
    private readonly runFactory: RunFactory,
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly projected: ProgressSignal,
    @Inject(SETTINGS) private readonly settings: SubscriptionSettings,
  ) {}

  /** Names of projections whose rebuild failed in this process at its last try. */
  failing(): readonly string[] {
    return [...this.runs.values()].filter((run) => run.isFailing).map((run) => run.name);
  }

  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await Promise.all([...this.runs.values()].map((run) => run.stop()));
  }

  private async run(): Promise<void> {
    const { pollMs } = this.settings;
    while (!this.stopping.signal.aborted) {
      await this.advanceAll().catch((error: unknown) => this.warn(error));
      await delay(2 * pollMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private async advanceAll(): Promise<void> {
    const wanted = (await this.rebuilds.all()).filter((rebuild) => this.isOurs(rebuild));
    await this.stopAllBut(wanted);
    // A rebuild that cannot be swapped in yet, because of a long query, does not hold up the others.
    for (const rebuild of wanted) await this.advance(rebuild);
  }

  private async advance({ projection: name, isHeld }: Rebuild): Promise<void> {
    const projection = this.projections.get(name);
    this.startFilling(projection);
    const schedule = this.scheduleOf(name);
    if (schedule.isPausing()) return;
    try {
      const isReady = !isHeld && (await this.swap.isNear(projection));
      if (isReady || schedule.isTimeToCompare()) await this.rebuilds.follow(projection);
      if (isReady && !(await this.swapIn(projection))) schedule.pause();
      await this.rebuilds.noteTrouble(name, null);
    } catch (error) {
      schedule.pause();
      await this.reportTrouble(name, error);
    }
  }

  private async reportTrouble(name: string, error: unknown): Promise<void> {
    this.warn(error);
    await this.rebuilds
      .noteTrouble(name, failureInWords(error))
      .catch((noting: unknown) => this.warn(noting));
  }

  private scheduleOf(name: string): RebuildSchedule {
    const known = this.schedules.get(name);
    if (known) return known;
    const schedule = new RebuildSchedule(2 * this.settings.pollMs);
    this.schedules.set(name, schedule);
    return schedule;
  }

  private warn(error: unknown): void {
    this.logger.warn(`A rebuild waits: ${failureInWords(error)}`);
  }

  private isOurs(rebuild: Rebuild): boolean {
    const projection = this.projections.all().find(({ name }) => name === rebuild.projection);
    return projection !== undefined && isFor(rebuild, projection);
  }

  private startFilling(projection: Projection): void {
    const name = shadowName(projection.name);
    if (this.runs.has(name)) return;
    this.logger.log(`"${projection.name}" is being rebuilt (version ${projection.version}).`);
    const run = this.runFactory.run(name, segmentsOf(projection, 'shadow'));
    this.runs.set(name, run);
    run.start();
  }

  private async stopAllBut(wanted: readonly Rebuild[]): Promise<void> {
    const projections = new Set(wanted.map((rebuild) => rebuild.projection));
    for (const name of this.schedules.keys()) if (!projections.has(name)) this.schedules.delete(name);
    const names = new Set([...projections].map(shadowName));
    for (const [name, run] of this.runs) {
      if (names.has(name)) continue;
      this.runs.delete(name);
      this.analyzed.delete(name);
      await run.stop();
    }
  }

  private async swapIn(projection: Projection): Promise<boolean> {
    const name = shadowName(projection.name);
    if (!this.analyzed.has(name)) await this.swap.analyze(projection);
    this.analyzed.add(name);
    const position = await this.swap.swap(projection, { unlessHeld: true });
    if (position === undefined) return false;
    this.projected.notify();
    this.logger.log(
      `The shadow tables of "${projection.name}" were swapped in at position ${position}. The old ones are kept in schema ` +
        `"${schemaOf(this.dataSource).oldName}" until Rebuilds.dropOld() drops them.`,
    );
    return true;
  }
}
