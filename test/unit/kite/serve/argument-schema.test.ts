import { describe, expect, it } from 'vitest';
import { checkedArgs } from '../../../../src/lib/kite/serve/argument-schema.js';

describe('checkedArgs', () => {
  it('checkedArgs returns the value of a schema that accepts the arguments', () => {
    expect(checkedArgs('square', { value: [4] })).toEqual([4]);
  });

  it.each([
    ['a message', [{ message: 'too few' }], 'too few'],
    ['a message and its path', [{ message: 'not a number', path: [0, 'n'] }], '0.n: not a number'],
    ['a path of objects', [{ message: 'not a number', path: [{ key: 1 }] }], '1: not a number'],
    ['several issues', [{ message: 'a' }, { message: 'b', path: [] }], 'a; b'],
  ])('checkedArgs throws an argumentError with %s', (_, issues, problem) => {
    expect(() => checkedArgs('square', { issues })).toThrow(
      expect.objectContaining({
        type: 'argumentError',
        message: expect.stringMatching(new RegExp(`"square": ${problem}$`)) as string,
      }),
    );
  });

  it('checkedArgs throws an argumentError for issues without a reason', () => {
    expect(() => checkedArgs('square', { issues: [] })).toThrow(
      expect.objectContaining({ type: 'argumentError' }),
    );
  });
});
