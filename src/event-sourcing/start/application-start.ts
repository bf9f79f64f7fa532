import { Inject, Injectable, OnModuleInit } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { EventSourcingOptions } from '../event-sourcing.options';
import { EventStore } from '../event-store/event-store';
import { DATA_SOURCE, OPTIONS } from '../injection-tokens';
import { Projections } from '../projections/projections';
import { checkTables } from '../projections/tables-of';
import { KernelSchema } from '../schema/kernel-schema';
import { Subscribers } from '../subscribers';
import { hasDatabase } from './application-data-source';
import { checkColumns } from './check-columns';
import { checkInMemory, checkNoSubscription } from './check-in-memory';
import { checkEntityNames, checkMigrated, checkOptions, checkSameLog } from './check-log';
import { checkOneProjectorEach } from './check-read-model-tables';
import { checkKernelRights, checkKernelSchema, checkKernelTables, checkRights } from './check-rights';
import { Explorer } from './explorer';
import { startPurpose } from '../start-purpose';
import { checkOwner } from './table-owners';

/**
 * What a start relies on, asked of Nest and of Postgres, before anything else of the application begins. A mistake ends the start with
 * a sentence; what is wrong in the code comes before what is wrong in the database.
 */
@Injectable()
export class ApplicationStart implements OnModuleInit {
  constructor(
    @Inject(OPTIONS) private readonly options: EventSourcingOptions,
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly explorer: Explorer,
    private readonly store: EventStore,
    private readonly projections: Projections,
    private readonly subscribers: Subscribers,
  ) {}

  async onModuleInit(): Promise<void> {
    this.explorer.explore();
    if (startPurpose() === 'migration') return;
    const isRunning = this.runsSubscriptions();
    if (!hasDatabase(this.dataSource)) return this.checkWithoutDataSource(isRunning);
    if (this.store.isInDatabase) await this.checkLog(isRunning);
    else if (isRunning) await this.checkCheckpoints();
    this.checkEntities();
    if (isRunning) await this.checkReadModels();
  }

  private runsSubscriptions(): boolean {
    return startPurpose() === 'service' && (this.options.subscriptions?.enabled ?? true);
  }

  /** Of an application that only appends and loads. */
  private async checkWithoutDataSource(isRunning: boolean): Promise<void> {
    if (isRunning) checkNoSubscription(this.subscribers.names());
    if (this.store.isInDatabase) await checkMigrated(this.store, new KernelSchema(this.options.schema));
  }

  private async checkLog(isRunning: boolean): Promise<void> {
    checkOptions(this.dataSource);
    await checkKernelSchema(this.dataSource);
    const log = await checkSameLog(this.store, this.dataSource);
    await checkKernelTables(this.dataSource);
    await checkEntityNames(this.dataSource, log);
    if (isRunning) await checkKernelRights(this.dataSource);
  }

  /** Of a store that keeps its events elsewhere. */
  private async checkCheckpoints(): Promise<void> {
    if (this.options.store === 'in-memory') return checkInMemory(this.dataSource);
    await checkKernelTables(this.dataSource);
    await checkKernelRights(this.dataSource);
  }

  private checkEntities(): void {
    for (const projection of this.projections.all()) checkTables(this.dataSource, projection);
    checkOneProjectorEach(this.dataSource, this.projections.all());
  }

  private async checkReadModels(): Promise<void> {
    for (const projection of this.projections.all()) {
      const entities = projection.definition.entities.map((entity) => this.dataSource.getMetadata(entity));
      for (const entity of entities) await checkColumns(this.dataSource, projection.name, entity);
      const rights = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];
      const tables = Object.fromEntries(entities.map(({ tableName }) => [tableName, rights]));
      await checkRights(this.dataSource, { tables });
      await checkOwner(this.dataSource, projection);
    }
  }
}
