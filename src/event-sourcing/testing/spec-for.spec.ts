import { AggregateRoot, DomainEvent, NotAtOnceError, On } from '../domain';
import { specFor } from './spec-for';

@DomainEvent('Rung')
class Rung {}

class Bell extends AggregateRoot {
  ring(): void {
    this.raise(new Rung());
  }

  @On(Rung)
  protected onRung(_event: Rung): void {}
}

describe('a spec', () => {
  it('compares what the decision raised', () => {
    specFor(Bell)
      .given(new Rung())
      .when((bell) => bell.ring())
      .thenRaises(new Rung());
  });

  it('compares what a new aggregate raised', () => {
    const ring = (): Bell => {
      const bell = new Bell('new');
      bell.ring();
      return bell;
    };
    specFor(Bell).when(ring).thenRaises(new Rung());
  });

  it('fails at once on a decision that gives a promise, whatever it should raise', () => {
    const later = async (bell: Bell): Promise<void> => Promise.resolve(bell.ring());
    expect(() => specFor(Bell).when(later as unknown as () => void)).toThrow(NotAtOnceError);
  });

  it('seals the aggregate behind the decision', () => {
    const kept: Bell[] = [];
    specFor(Bell).when((bell) => void kept.push(bell));
    expect(() => kept[0]?.ring()).toThrow('its decision is over');
  });
});
