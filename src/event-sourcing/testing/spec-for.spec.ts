import { AggregateRoot, DomainEvent, NotAtOnceError, On } from '../domain';
import { specFor } from './spec-for';

@DomainEvent('Rung')
class Rung {}

@DomainEvent('Tuned')
class Tuned {
  constructor(
    readonly pitch: string,
    readonly overtones: readonly { readonly hertz: number }[],
  ) {}
}

class CrackedError extends Error {}

class Bell extends AggregateRoot {
  ring(): void {
    this.raise(new Rung());
  }

  tune(pitch: string, ...hertz: number[]): void {
    this.raise(
      new Tuned(
        pitch,
        hertz.map((of) => ({ hertz: of })),
      ),
    );
  }

  hang(tower: string, from?: string): void {
    this.raise(new Rung());
    this.claim({ scope: 'tower', value: tower });
    if (from) this.release({ scope: 'tower', value: from });
  }

  crack(): void {
    throw new CrackedError('The bell is cracked.');
  }

  @On(Rung)
  protected onRung(_event: Rung): void {}

  @On(Tuned)
  protected onTuned(_event: Tuned): void {}
}

/** What a check says that fails. */
function failure(check: () => void): string {
  try {
    check();
  } catch (error) {
    // Of the runner's own realm, and so no instance of the Error of this one.
    return (error as Error).message;
  }
  return 'The spec passed.';
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

  it('compares what the decision claims and releases', () => {
    const moved = specFor(Bell).when((bell) => bell.hang('north', 'south'));
    moved.thenClaims({ scope: 'tower', value: 'north' });
    moved.thenReleases({ scope: 'tower', value: 'south' });
    expect(failure(() => moved.thenReleases())).toContain(
      "expected: nothing\n    received: { scope: 'tower'",
    );
    expect(failure(() => moved.thenClaims({ scope: 'tower', value: 'west' }))).toBe(
      "Bell did not make the expected claims.\n  claims[0].value\n    expected: 'west'\n    received: 'north'",
    );
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

describe('a spec that fails', () => {
  const tuned = specFor(Bell).when((bell) => bell.tune('c', 440, 880));
  const cracked = specFor(Bell).when((bell) => bell.crack());

  it('names the event and the member, with what was expected and what was received', () => {
    expect(failure(() => tuned.thenRaises(new Tuned('d', [{ hertz: 440 }, { hertz: 881 }])))).toBe(
      [
        'Bell did not raise the expected events.',
        '  event 1, Tuned.pitch',
        "    expected: 'd'",
        "    received: 'c'",
        '  event 1, Tuned.overtones[1].hertz',
        '    expected: 881',
        '    received: 880',
      ].join('\n'),
    );
  });

  it('names an event that is missing, one too many, and one of another class', () => {
    const other = failure(() => tuned.thenRaises(new Rung(), new Rung()));
    expect(other).toContain('  event 1\n    expected: Rung {}\n    received: Tuned { pitch:');
    expect(other).toContain('  event 2\n    expected: Rung {}\n    received: nothing');
    expect(failure(() => tuned.thenRaisesNothing())).toContain(
      'event 1\n    expected: nothing\n    received: Tuned',
    );
  });

  it('tells two classes of one name apart', () => {
    const Twin = { Tuned: class Tuned {} }.Tuned;
    expect(failure(() => tuned.thenRaises(new Twin()))).toContain('(another class of this name)');
  });

  it('says that the decision was refused, where events were expected', () => {
    expect(failure(() => cracked.thenRaises(new Rung()))).toBe(
      'Bell refused the decision: CrackedError: The bell is cracked.\n' +
        '  event 1\n    expected: Rung {}\n    received: nothing',
    );
    expect(failure(() => cracked.thenRaisesNothing())).toContain('Bell refused the decision');
  });

  it('names the error that was received in place of the expected one', () => {
    cracked.thenThrows(CrackedError);
    expect(failure(() => cracked.thenThrows(TypeError))).toBe(
      'Bell did not refuse as expected.\n  error\n    expected: TypeError\n' +
        '    received: CrackedError: The bell is cracked.',
    );
    expect(failure(() => tuned.thenThrows(CrackedError))).toContain('received: no error; it raised Tuned');
  });

  it('shows ten differences, and says how many more there are', () => {
    const many = specFor(Bell).when((bell) =>
      bell.tune('c', ...Array.from({ length: 12 }, (_, index) => index)),
    );
    const others = Array.from({ length: 12 }, () => ({ hertz: -1 }));
    expect(failure(() => many.thenRaises(new Tuned('c', others)))).toMatch(
      /overtones\[9\][^]*\n  and 2 more$/,
    );
  });
});
