import { describe, expect, it } from 'vitest';
import { TRACEPARENT_LENGTH, TRACESTATE_LENGTH } from '../../../src/lib/protocol/protocol-limits.js';
import { checkedTrace, parseTrace } from '../../../src/lib/protocol/trace-context.js';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('a trace', () => {
  it('a trace is read from its two fields', () => {
    expect(parseTrace(traceparent, undefined)).toEqual({ traceparent });
    expect(parseTrace(traceparent, 'congo=t61rcWkgMzE')).toEqual({
      traceparent,
      tracestate: 'congo=t61rcWkgMzE',
    });
  });

  it('a trace of a later version may have more fields', () => {
    const later = `01${traceparent.slice(2)}-what-the-future-brings`;
    expect(parseTrace(later, undefined)).toEqual({ traceparent: later });
  });

  it.each([
    [undefined],
    [null],
    [7],
    [''],
    [[traceparent]],
    [traceparent.toUpperCase()],
    [`${traceparent}-more`],
    [`ff${traceparent.slice(2)}`],
    [traceparent.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32))],
    [traceparent.replace('b7ad6b7169203331', '0'.repeat(16))],
    [` ${traceparent}`],
    [`01${traceparent.slice(2)}-\n`],
  ])('a trace whose traceparent is %j is ignored, and refused if a program sends it', (value) => {
    expect(parseTrace(value, 'a=b')).toBeUndefined();
    expect(() => checkedTrace({ traceparent: value as string })).toThrow(
      'The trace of the call is not one of W3C Trace Context: traceparent',
    );
  });

  it.each([[null], [7], [''], ['a=\u00e9'], ['a=\n'], [{ a: 'b' }]])(
    'a trace whose tracestate is %j is read without it, and refused if a program sends it',
    (tracestate) => {
      expect(parseTrace(traceparent, tracestate)).toEqual({ traceparent });
      expect(() => checkedTrace({ traceparent, tracestate: tracestate as string })).toThrow(
        'Context: tracestate',
      );
    },
  );

  it('a traceparent or a tracestate above its limit is ignored', () => {
    const long = `01${traceparent.slice(2)}-`.padEnd(TRACEPARENT_LENGTH, 'x');
    expect(parseTrace(long, undefined)).toEqual({ traceparent: long });
    expect(parseTrace(`${long}x`, undefined)).toBeUndefined();
    const state = 'a='.padEnd(TRACESTATE_LENGTH, 'x');
    expect(parseTrace(traceparent, state)).toEqual({ traceparent, tracestate: state });
    expect(parseTrace(traceparent, `${state}x`)).toEqual({ traceparent });
  });
});
