import { DomainError, EventSourcingError, kindOf } from '.';

class BrokenError extends EventSourcingError {
  readonly code = 'lamp.broken';
  readonly kind = 'unavailable';
}

class DarkError extends DomainError {
  readonly code = 'lamp.dark';
}

function anotherCopy(): typeof import('.') {
  let copy: typeof import('.') | undefined;
  jest.isolateModules(() => (copy = jest.requireActual<typeof import('.')>('.')));
  return copy!;
}

describe('an error of the kernel', () => {
  it('has its code, its kind and the name of its class', () => {
    const error = new BrokenError('The lamp is broken.', { cause: 'rain' });
    expect(error).toMatchObject({
      code: 'lamp.broken',
      kind: 'unavailable',
      name: 'BrokenError',
      cause: 'rain',
    });
    expect(kindOf(error)).toBe('unavailable');
  });

  it('is told from a refusal of a domain, which is one, too', () => {
    expect(new BrokenError('')).not.toBeInstanceOf(DomainError);
    expect(new DarkError('')).toBeInstanceOf(EventSourcingError);
    expect(new DarkError('')).not.toBeInstanceOf(BrokenError);
    expect(kindOf(new DarkError(''))).toBe('rule');
  });

  it('is known to another copy of the package, by its base class, its code and its kind', () => {
    const other = anotherCopy();
    expect(other.EventSourcingError).not.toBe(EventSourcingError);
    expect(new BrokenError('')).toBeInstanceOf(other.EventSourcingError);
    expect(new BrokenError('')).not.toBeInstanceOf(other.DomainError);
    expect(new DarkError('')).toBeInstanceOf(other.DomainError);
    expect(other.kindOf(new BrokenError(''))).toBe('unavailable');
  });

  it.each([undefined, null, 'text', new Error('strange'), { code: 'lamp.broken', kind: 'rule' }])(
    'is nothing else that may be thrown: %p',
    (thrown) => {
      expect(kindOf(thrown)).toBeUndefined();
    },
  );
});
