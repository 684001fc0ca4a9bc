import { describe, expect, it } from 'vitest';
import { randomHex, randomUuid } from '../../../src/lib/util/random.js';

const distinct = (make: () => string): number => new Set(Array.from({ length: 1000 }, make)).size;

describe('randomHex', () => {
  it.each([0, 1, 8, 32])('randomHex returns two hexadecimal digits for each of %d bytes', (bytes) => {
    expect(randomHex(bytes)).toMatch(new RegExp(`^[\\da-f]{${2 * bytes}}$`));
  });

  it('randomHex does not repeat a value', () => {
    expect(distinct(() => randomHex(8))).toBe(1000);
  });
});

describe('randomUuid', () => {
  it('randomUuid returns a UUID of version 4', () => {
    for (let i = 0; i < 100; i++) {
      expect(randomUuid()).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    }
  });

  it('randomUuid does not repeat a value', () => {
    expect(distinct(randomUuid)).toBe(1000);
  });
});
