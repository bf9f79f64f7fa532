import { spanContextOf, traceparentOf } from './traceparent';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

describe('a traceparent', () => {
  it.each([
    [0, '00'],
    [1, '01'],
  ])('names a span with flags %i, and gives it back', (traceFlags, flags) => {
    const traceparent = traceparentOf({ traceId, spanId, traceFlags });
    expect(traceparent).toBe(`00-${traceId}-${spanId}-${flags}`);
    expect(spanContextOf(traceparent)).toEqual({ traceId, spanId, traceFlags, isRemote: true });
  });

  it.each([
    undefined,
    null,
    7,
    '',
    'x',
    `01-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01\n`,
  ])('is nothing when it is %j', (text) => {
    expect(spanContextOf(text)).toBeUndefined();
  });
});
