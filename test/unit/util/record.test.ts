import { describe, expect, it } from 'vitest';
import { jsonObject, record } from '../../../src/lib/util/record.js';

describe('record', () => {
  it('record returns an object unchanged', () => {
    const value = { a: 1 };
    expect(record(value)).toBe(value);
  });

  it.each([undefined, null, 4, 'text', true])('record returns an object without fields for %j', (value) => {
    expect(record(value)).toEqual({});
  });
});

describe('jsonObject', () => {
  it('jsonObject returns an object unchanged', () => {
    const value = { a: 1 };
    expect(jsonObject(value)).toBe(value);
  });

  it.each([undefined, null, 4, 'text', true, [], [{}]])('jsonObject returns undefined for %j', (value) => {
    expect(jsonObject(value)).toBeUndefined();
  });
});
