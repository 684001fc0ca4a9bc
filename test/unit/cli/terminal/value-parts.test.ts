import { describe, expect, it } from 'vitest';
import { isLarge, partsOf } from '../../../../src/lib/cli/terminal/value-parts.js';
import { largeValues } from '../../../helpers/cli/large-values.js';

describe('the parts of a value', () => {
  it('a value is large if it consists of more than a thousand values, at any depth', () => {
    for (const value of Object.values(largeValues)) expect(isLarge(value)).toBe(true);
    for (const value of [
      4,
      'x'.repeat(5000),
      null,
      undefined,
      [],
      [[1]],
      Array.from({ length: 900 }, () => 1),
    ]) {
      expect(isLarge(value)).toBe(false);
    }
    expect(isLarge([[[[Array.from({ length: 1000 }, () => 1)]]]])).toBe(true);
  });

  it('the parts of a list have all of its items in order', () => {
    const list = Array.from({ length: 2500 }, (_, n) => n);
    const parts = [...partsOf(list)];
    expect(parts.flatMap(({ value }) => value)).toEqual(list);
    expect(parts).toHaveLength(3);
  });

  it('a large entry is a part of its own, with its key', () => {
    const inner = Array.from({ length: 1500 }, () => 1);
    expect([...partsOf({ a: 1, inner, b: 2 })]).toEqual([
      { type: 'entries', value: { a: 1 } },
      { type: 'large', key: 'inner', value: inner },
      { type: 'entries', value: { b: 2 } },
    ]);
  });
});
