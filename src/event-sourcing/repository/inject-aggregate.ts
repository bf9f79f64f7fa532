import { Inject } from '@nestjs/common';
import { AggregateClass, aggregateType } from '../domain';

/** The token of the repository of an aggregate, for `useFactory` and for tests. */
export function aggregateRepositoryToken(aggregateClass: AggregateClass): string {
  return `EventSourcedRepository<${aggregateType(aggregateClass)}>`;
}

/** `constructor(@InjectAggregate(User) private readonly users: EventSourcedRepository<User>)` */
export function InjectAggregate(aggregateClass: AggregateClass): ParameterDecorator {
  return Inject(aggregateRepositoryToken(aggregateClass));
}
