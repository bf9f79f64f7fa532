import { Injectable, OnApplicationShutdown } from '@nestjs/common';
import { EventStore } from '../event-store/event-store';
import { PostgresEventStore } from '../event-store/postgres/postgres-event-store';

/** Closes the store after the HTTP server has answered its last request. */
@Injectable()
export class EventStoreShutdown implements OnApplicationShutdown {
  constructor(private readonly store: EventStore) {}

  async onApplicationShutdown(): Promise<void> {
    if (this.store instanceof PostgresEventStore) await this.store.close();
  }
}
