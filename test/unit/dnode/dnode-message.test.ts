import { describe, expect, it } from 'vitest';
import { PARSED_BRACKETS } from '../../../src/lib/dnode/dnode-limits.js';
import { exceedsDepth, ProtocolViolation, parseMessage } from '../../../src/lib/dnode/dnode-message.js';
import { defaultLimits } from '../../../src/lib/kite/limits/kite-limits.js';

const parse = (text: string) => parseMessage(text, defaultLimits);

function violation(text: string, limits = defaultLimits): ProtocolViolation {
  try {
    parseMessage(text, limits);
  } catch (error) {
    if (error instanceof ProtocolViolation) return error;
  }
  throw new Error(`no violation: ${text.slice(0, 80)}`);
}

describe('dnode messages', () => {
  it('a dnode message has a method or a callback, its arguments and the paths of its functions', () => {
    expect(parse('{"method":"m","arguments":[1,"[Function]"],"callbacks":{"3":[1]}}')).toEqual({
      method: 'm',
      args: [1, '[Function]'],
      callbacks: [{ number: 3, path: [1] }],
    });
    expect(parse('{"method":0,"arguments":[16],"callbacks":{},"links":[]}')).toEqual({
      method: 0,
      args: [16],
      callbacks: undefined,
    });
  });

  it.each([
    '{"method":"m"}',
    '{"method":"m","arguments":null,"callbacks":null}',
    '{"method":"m","callbacks":[]}',
  ])('a dnode message may omit arguments and callbacks: %s', (text) => {
    expect(parse(text)).toEqual({ method: 'm', args: [], callbacks: undefined });
  });

  it.each([
    ['null', 1002],
    ['[]', 1002],
    ['4', 1002],
    ['"text"', 1002],
    ['{', 1002],
    ['', 1002],
    ['{}', 1002],
    ['{"method":null}', 1002],
    ['{"method":-1}', 1002],
    ['{"method":0.5}', 1002],
    ['{"method":1e300}', 1002],
    ['{"method":{}}', 1002],
    ['{"method":"m","arguments":{}}', 1002],
    ['{"method":"m","arguments":"x"}', 1002],
    ['{"method":"m","callbacks":"x"}', 1002],
    ['{"method":"m","callbacks":[1]}', 1002],
  ])('a malformed dnode message is a protocol violation: %s', (text, code) => {
    expect(violation(text).code).toBe(code);
  });

  it.each(['{"x":[1]}', '{"-1":[1]}', '{"1.5":[1]}', '{"01":[1]}', '{"1e1":[1]}', '{"0":"x"}', '{"0":null}'])(
    'a dnode message with an invalid callback number or path ignores that callback: %s',
    (callbacks) => {
      expect(parse(`{"method":"m","arguments":[1,2],"callbacks":${callbacks}}`).callbacks).toBeUndefined();
    },
  );

  it('a dnode message above the limit of callbacks is rejected', () => {
    const callbacks = Object.fromEntries(Array.from({ length: 10_000 }, (_, number) => [number, [0]]));
    const error = violation(JSON.stringify({ method: 'm', arguments: [0], callbacks }));
    expect(error.code).toBe(1008);
    expect(error.message).toContain('1024');
  });

  it('a dnode message above the size limit, counted in bytes, is rejected', () => {
    const limits = { ...defaultLimits, messageBytes: 30 };
    expect(parseMessage('{"method":"m","arguments":[1]}', limits).args).toEqual([1]);
    expect(violation('{"method":"m","arguments":[12]}', limits).code).toBe(1009);
    expect(violation('{"method":"é","arguments":[1]}', limits).code).toBe(1009);
  });

  it('the nesting of a dnode message is limited whether it is checked before it is parsed, above PARSED_BRACKETS, or after', () => {
    for (const brackets of [100, 200, PARSED_BRACKETS - 130, PARSED_BRACKETS + 200]) {
      const message = (depth: number, end = '}') =>
        `{"method":"m","arguments":[${'[],"]",'.repeat(brackets)}${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}]${end}`;
      expect(parse(message(126)).args).toHaveLength(2 * brackets + 1);
      expect(violation(message(127)).code).toBe(1008);
      expect(violation(message(127, '')).code).toBe(1008);
      expect(violation(message(126, '')).code).toBe(1002);
    }
  });

  it('a dnode message above the nesting limit is rejected, at 129 levels as at 100,000', () => {
    const nested = (depth: number) => `{"method":"m","arguments":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(parse(nested(127)).method).toBe('m');
    expect(violation(nested(128)).code).toBe(1008);
    expect(violation(nested(100_000)).code).toBe(1008);
  });
});

describe('nesting', () => {
  it.each([
    ['[[[]]]', 3, false],
    ['[[[]]]', 2, true],
    ['[{"a":[]}]', 2, true],
    ['[[],[],[],[]]', 2, false],
    ['["[[[[["]', 1, false],
    ['["\\"[[[[["]', 1, false],
    ['["\\\\",[[]]]', 2, true],
    ['['.repeat(1000), 128, true],
  ])('the nesting of %s counts brackets outside strings', (text, limit, deeper) => {
    expect(exceedsDepth(text, limit)).toBe(deeper);
  });
});
