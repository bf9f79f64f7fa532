import { Aggregate, AggregateRoot, DomainEvent, On } from '../../src/event-sourcing/domain';

@DomainEvent('Benched')
export class Benched {
  constructor(
    readonly name: string,
    readonly email: string,
    readonly note: string,
  ) {}
}

/** Never happens. */
@DomainEvent('Unheard')
export class Unheard {}

/** An aggregate that counts, for the command cycle. */
@Aggregate('Cycle')
export class BenchAggregate extends AggregateRoot {
  private count = 0;

  bench(event: Benched): void {
    this.raise(event);
  }

  @On(Benched)
  protected onBenched(_event: Benched): void {
    this.count++;
  }
}
