import { describe, expect, it } from 'vitest';
import { record } from '../../../src/lib/util/record.js';

describe('record', () => {
  it('gives an object as it is', () => {
    const value = { a: 1 };
    expect(record(value)).toBe(value);
  });

  it.each([undefined, null, 4, 'text', true])('has no fields where a peer sent %j', (value) => {
    expect(record(value)).toEqual({});
  });
});
