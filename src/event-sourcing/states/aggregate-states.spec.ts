import { Aggregate, AggregateRoot, DomainEvent, On } from '../domain';
import { EventRegistry } from '../event-store/event-registry';
import { InMemoryEventStore } from '../event-store/in-memory-event-store';
import { Aggregates } from '../repository/aggregates';
import { AggregateStates } from './aggregate-states';

@DomainEvent('LineAdded')
class LineAdded {
  constructor(
    readonly article: string,
    readonly cents: number,
  ) {}
}

@DomainEvent('LineTaken')
class LineTaken {
  constructor(readonly article: string) {}
}

class Money {
  #cents = 0n;

  static of(cents: number): Money {
    const money = new Money();
    money.#cents = BigInt(cents);
    return money;
  }

  plus(other: Money): Money {
    return Money.of(Number(this.#cents + other.#cents));
  }
}

@Aggregate('Basket')
class Basket extends AggregateRoot {
  #total = Money.of(0);
  private readonly prices = new Map<string, Money>();
  private readonly seen = new Set<string>();
  protected readonly counts = new Map([[1, 'one']]);
  private since?: Date;
  protected nothing = Number.NaN;
  protected self: unknown = this;
  #hidden() {
    return this.#total;
  }

  add(article: string, cents: number): void {
    this.raise(new LineAdded(article, cents));
  }

  take(article: string): void {
    this.raise(new LineTaken(article));
  }

  @On(LineAdded)
  protected onAdded({ article, cents }: LineAdded): void {
    this.#total = this.#hidden().plus(Money.of(cents));
    this.prices.set(article, Money.of(cents));
    this.seen.add(article);
    this.since ??= new Date(0);
  }

  @On(LineTaken)
  protected onTaken({ article }: LineTaken): void {
    this.prices.delete(article);
  }
}

const stream = { type: 'Basket', id: 'b-1' };

async function statesOf(...decisions: readonly ((basket: Basket) => void)[]): Promise<AggregateStates> {
  const store = new InMemoryEventStore();
  const registry = new EventRegistry();
  const aggregates = new Aggregates(store, registry);
  const baskets = aggregates.repository(Basket);
  const basket = new Basket(stream.id);
  for (const decide of decisions) {
    decide(basket);
    await baskets.save(basket);
  }
  return new AggregateStates(store, registry, aggregates);
}

const apple = (basket: Basket) => basket.add('apple', 30);
const pear = (basket: Basket) => basket.add('pear', 50);
const noApple = (basket: Basket) => basket.take('apple');

describe('the states of an aggregate', () => {
  it('are told behind each event, with members that no other code sees, as plain JSON', async () => {
    const { state, event } = await (await statesOf(apple, pear, noApple)).at(stream, 2);
    expect(event).toMatchObject({ type: 'LineAdded', version: 2, position: 2n });
    expect(state).toEqual({
      '#total': { '#cents': '80' },
      prices: { apple: { '#cents': '30' }, pear: { '#cents': '50' } },
      seen: ['apple', 'pear'],
      counts: [[1, 'one']],
      since: '1970-01-01T00:00:00.000Z',
      nothing: 'NaN',
      self: '[circular]',
    });
  });

  it('come with what each event added, removed and changed; the first event made all of it', async () => {
    const { states } = await (await statesOf(apple, pear, noApple)).between(stream, { from: 1, to: 3 });
    expect(states.map(({ version }) => version)).toEqual([1, 2, 3]);
    expect(states[0]!.changes.every(({ kind }) => kind === 'added')).toBe(true);
    expect(states[1]!.changes).toEqual(
      expect.arrayContaining([
        { pointer: '/#total/#cents', kind: 'changed', from: '30', to: '80' },
        { pointer: '/prices/pear', kind: 'added', to: { '#cents': '50' } },
        { pointer: '/seen/1', kind: 'added', to: 'pear' },
      ]),
    );
    expect(states[1]!.changes).toHaveLength(3);
    expect(states[2]!.changes).toEqual([
      { pointer: '/prices/apple', kind: 'removed', from: { '#cents': '30' } },
    ]);
  });

  it('that begin behind the first event tell what changed since the state before them', async () => {
    const { states } = await (await statesOf(apple, pear, noApple)).between(stream, { from: 3, to: 3 });
    expect(states.map(({ changes }) => changes.length)).toEqual([1]);
  });

  it('are at most 100 in one answer, which tells where to go on', async () => {
    const many = Array.from({ length: 102 }, () => pear);
    const all = await statesOf(...many);
    const first = await all.between(stream, { from: 1, to: 1_000 });
    expect([first.states.length, first.nextFrom]).toEqual([100, 101]);
    const rest = await all.between(stream, { from: 101, to: 1_000 });
    expect([rest.states.length, rest.nextFrom]).toEqual([2, undefined]);
    expect((await all.between(stream, { from: 2, to: 101 })).nextFrom).toBeUndefined();
  });

  it('are fewer in one answer where they are large', async () => {
    const large = (basket: Basket) => basket.add('x'.repeat(500_000), 1);
    const { states, nextFrom } = await (
      await statesOf(...Array.from({ length: 9 }, () => large))
    ).between(stream, { from: 1, to: 9 });
    expect(states.length).toBeLessThan(9);
    expect(nextFrom).toBe(states.length + 1);
  });

  it('are refused by name where there are none', async () => {
    const states = await statesOf(apple);
    await expect(states.at({ type: 'Order', id: 'b-1' }, 1)).rejects.toMatchObject({
      code: 'aggregate-type.unknown',
      message: expect.stringContaining('"Order"') as string,
    });
    await expect(states.at({ ...stream, id: 'b-2' }, 1)).rejects.toMatchObject({
      code: 'stream.version-not-reached',
      lastVersion: 0,
      message: 'There is no stream Basket/b-2.',
    });
    await expect(states.at(stream, 2)).rejects.toMatchObject({
      code: 'stream.version-not-reached',
      lastVersion: 1,
    });
    for (const range of [
      { from: 0, to: 1 },
      { from: 2, to: 1 },
      { from: Number.NaN, to: 2 },
    ])
      await expect(states.between(stream, range)).rejects.toMatchObject({ code: 'stream.version-range' });
  });
});
