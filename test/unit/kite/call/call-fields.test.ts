import { describe, expect, it } from 'vitest';
import {
  deadlineField,
  inheritedTimeout,
  optionFields,
  readDeadline,
} from '../../../../src/lib/kite/call/call-fields.js';
import { defaultLimits, MAX_DEADLINE } from '../../../../src/lib/kite/limits/kite-limits.js';
import { NO_METADATA } from '../../../../src/lib/protocol/metadata.js';
import { Negotiation } from '../../../../src/lib/kite/call/negotiation.js';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function parent(timeLeft?: number) {
  return {
    signal: new AbortController().signal,
    timeLeft,
    trace: { traceparent },
    metadata: { tenant: 'a', role: 'b' },
    onAbort: () => () => undefined,
  };
}

describe('the fields of a call', () => {
  it.each([
    [1, ',"deadline":1'],
    [0.5, ',"deadline":0.5'],
    [MAX_DEADLINE, `,"deadline":${MAX_DEADLINE}`],
    [MAX_DEADLINE + 1, ''],
    [0, ''],
    [-1, ''],
    [Number.NaN, ''],
    [Number.POSITIVE_INFINITY, ''],
    [1e300, ''],
  ])('a timeout of %d is sent as %j', (timeout, field) => expect(deadlineField(timeout)).toBe(field));

  it.each([[0], [-1], [-0], [Number.NaN], [1e300], [MAX_DEADLINE + 1], ['5'], [null], [[5]], [{}], [true]])(
    'a deadline of %j in a call is ignored',
    (value) => expect(readDeadline(value)).toBeUndefined(),
  );

  it('a call for a request has the shorter one of its own timeout and what is left of the request', () => {
    expect(inheritedTimeout(100, parent(50), 'rows')).toBe(50);
    expect(inheritedTimeout(100, parent(500), 'rows')).toBe(100);
    expect(inheritedTimeout(0, parent(500), 'rows')).toBe(500);
    expect(inheritedTimeout(100, parent(), 'rows')).toBe(100);
    expect(() => inheritedTimeout(100, parent(0), 'rows')).toThrow(
      '"rows" was not called: the deadline of its parent request has passed',
    );
  });

  it('a call for a request has the trace and the metadata of the request, and its own ones take precedence', () => {
    const own = { trace: { traceparent, tracestate: 'a=b' }, metadata: { role: 'c' } };
    expect(optionFields({ parent: parent() }, new Negotiation(), defaultLimits)).toBe(
      `,"traceparent":"${traceparent}","metadata":{"tenant":"a","role":"b"}`,
    );
    expect(optionFields({ parent: parent(), ...own }, new Negotiation(), defaultLimits)).toBe(
      `,"traceparent":"${traceparent}","tracestate":"a=b","metadata":{"tenant":"a","role":"c"}`,
    );
    const bare = { ...parent(), trace: undefined, metadata: NO_METADATA };
    expect(optionFields({ parent: bare }, new Negotiation(), defaultLimits)).toBe('');
  });

  it('a peer that does not speak an extension gets no field of it', () => {
    const fields = (names: string[]): string => {
      const negotiation = new Negotiation();
      negotiation.heard(names);
      return optionFields({ parent: parent() }, negotiation, defaultLimits);
    };
    expect(fields([])).toBe('');
    expect(fields(['trace'])).toBe(`,"traceparent":"${traceparent}"`);
    expect(fields(['metadata'])).toBe(',"metadata":{"tenant":"a","role":"b"}');
  });

  it('metadata that exceeds a limit together with that of the request is refused', () => {
    const limits = { metadataEntries: 2, metadataBytes: 100 };
    expect(() =>
      optionFields({ parent: parent(), metadata: { more: '' } }, new Negotiation(), limits),
    ).toThrow('is more than 2 entries');
  });
});
