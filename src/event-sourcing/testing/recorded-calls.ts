import type { InjectionToken, Provider, ValueProvider } from '@nestjs/common';

/** A call of a double: the name of the method, then its arguments. */
export type Call = readonly [method: string, ...given: unknown[]];

type Method = (...given: unknown[]) => unknown;

/** What a handler has called of the doubles that a spec gives it. */
export class RecordedCalls {
  private readonly calls = new Map<InjectionToken, Call[]>();

  /** @throws Error for a token that is no double: nothing was recorded of it. */
  of(token: InjectionToken): readonly Call[] {
    const calls = this.calls.get(token);
    if (calls) return calls;
    throw new Error(
      'The spec has no double under this token. Give it: { providers: [{ provide, useValue }] }.',
    );
  }

  /** The same providers; of those with `useValue` each call of a method is recorded. */
  watched(providers: readonly Provider[]): Provider[] {
    return providers.map((provider) => (isDouble(provider) ? this.double(provider) : provider));
  }

  private double({ provide, useValue, ...rest }: ValueProvider<object>): ValueProvider {
    const calls: Call[] = [];
    this.calls.set(provide, calls);
    const get = (target: object, name: string | symbol, receiver: unknown): unknown => {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function' || typeof name === 'symbol') return member;
      return (...given: unknown[]): unknown => {
        calls.push([name, ...given]);
        return (member as Method).apply(target, given);
      };
    };
    return { ...rest, provide, useValue: new Proxy(useValue, { get }) };
  }
}

function isDouble(provider: Provider): provider is ValueProvider<object> {
  const { useValue } = provider as Partial<ValueProvider<unknown>>;
  return typeof useValue === 'object' && useValue !== null;
}
