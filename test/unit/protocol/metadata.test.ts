import { describe, expect, it } from 'vitest';
import { checkedMetadata } from '../../../src/lib/protocol/metadata.js';
import { metadataLimits } from '../../../src/lib/protocol/protocol-limits.js';

const { metadataEntries, metadataBytes } = metadataLimits;

function entries(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, '']));
}

describe('metadata', () => {
  it('metadata is copied to an object without a prototype', () => {
    const given = JSON.parse('{"tenant":"a","__proto__":"b","constructor":"c","":"d"}') as object;
    const metadata = checkedMetadata(given, metadataLimits);
    expect(Object.getPrototypeOf(metadata)).toBeNull();
    expect(Object.entries(metadata)).toEqual([
      ['tenant', 'a'],
      ['__proto__', 'b'],
      ['constructor', 'c'],
      ['', 'd'],
    ]);
  });

  it.each([[null], ['a'], [7], [['a']], [true]])('metadata that is %j is refused', (value) => {
    expect(() => checkedMetadata(value, metadataLimits)).toThrow('is not an object of strings');
  });

  it.each([[1], [null], [['a']], [{}]])('metadata with the value %j is refused', (value) => {
    expect(() => checkedMetadata({ a: 'b', c: value }, metadataLimits)).toThrow(
      'The metadata of the call is not an object of strings',
    );
  });

  it('metadata with more than metadataEntries entries is refused', () => {
    expect(Object.keys(checkedMetadata(entries(metadataEntries), metadataLimits))).toHaveLength(
      metadataEntries,
    );
    expect(() => checkedMetadata(entries(metadataEntries + 1), metadataLimits)).toThrow(
      'is more than 64 entries (limits.metadataEntries)',
    );
  });

  it('metadata with more than metadataBytes bytes is refused', () => {
    const full = { a: '\u00e4'.repeat((metadataBytes - 2) / 2), b: '' };
    expect(checkedMetadata(full, metadataLimits)).toEqual(full);
    const refused = 'is more than 8192 bytes (limits.metadataBytes)';
    expect(() => checkedMetadata({ ...full, b: 'x' }, metadataLimits)).toThrow(refused);
    expect(() => checkedMetadata({ ['x'.repeat(10_000_000)]: 'y' }, metadataLimits)).toThrow(refused);
  });
});
