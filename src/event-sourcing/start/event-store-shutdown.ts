import { Injectable, OnApplicationShutdown } from '@nestjs/common';
import { EventStore } from '../event-store/event-store';

/** Closes the store after the HTTP server has answered its last request. */
@Injectable()
export class EventStoreShutdown implements OnApplicationShutdown {
  constructor(private readonly store: EventStore) {}

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
