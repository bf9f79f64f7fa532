import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { AggregateNotFoundError, EventStore, RecordedEvent } from '../../../event-sourcing';

export interface UserHistory {
  readonly events: readonly RecordedEvent[];
  /** Whether more events follow. */
  readonly hasMore: boolean;
}

/** A page of a user's events, from the log itself: never stale. */
export class GetUserHistory extends Query<UserHistory> {
  constructor(
    readonly userId: string,
    readonly after: number,
    readonly limit: number,
  ) {
    super();
  }
}

@QueryHandler(GetUserHistory)
export class GetUserHistoryHandler implements IQueryHandler<GetUserHistory> {
  constructor(private readonly store: EventStore) {}

  async execute({ userId, after, limit }: GetUserHistory): Promise<UserHistory> {
    const events = await this.read(userId, after, limit + 1);
    if (events.length === 0 && (await this.read(userId, 0, 1)).length === 0) {
      throw new AggregateNotFoundError('User', userId);
    }
    return { events: events.slice(0, limit), hasMore: events.length > limit };
  }

  private async read(id: string, after: number, limit: number): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const event of this.store.readStream({ type: 'User', id }, { after, limit }))
      events.push(event);
    return events;
  }
}
