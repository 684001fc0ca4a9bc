import { describe, expect, it } from 'vitest';
import { LruMap } from '../../../src/lib/util/lru-map.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

describe('LruMap', () => {
  it('LruMap returns a value until it expires', () => {
    const clock = new ManualClock();
    const map = new LruMap<string>(10, clock);
    map.set('a', 'A', 100);
    map.set('b', 'B');
    clock.advance(99);
    expect(map.get('a')).toBe('A');
    clock.advance(1);
    expect(map.get('a')).toBeUndefined();
    expect(map.get('b')).toBe('B');
    expect(map.size).toBe(1);
  });

  it('LruMap removes the least recently used entry when it is full', () => {
    const map = new LruMap<number>(3, new ManualClock());
    map.set('a', 1);
    map.set('b', 2);
    map.set('c', 3);
    map.get('a');
    map.set('d', 4);
    expect(['a', 'b', 'c', 'd'].map((key) => map.get(key))).toEqual([1, undefined, 3, 4]);
  });

  it('LruMap replaces a value without removing another', () => {
    const map = new LruMap<number>(2, new ManualClock());
    map.set('a', 1);
    map.set('b', 2);
    map.set('b', 3);
    expect(map.get('a')).toBe(1);
    expect(map.get('b')).toBe(3);
  });

  it('LruMap never grows beyond its capacity', () => {
    const map = new LruMap<number>(5, new ManualClock());
    for (let index = 0; index < 1000; index++) map.set(String(index), index);
    expect(map.size).toBe(5);
    map.delete('999');
    expect(map.size).toBe(4);
    map.clear();
    expect(map.size).toBe(0);
  });

  it('LruMap accepts any key, names of inherited properties too', () => {
    const map = new LruMap<number>(5, new ManualClock());
    expect(map.get('__proto__')).toBeUndefined();
    map.set('__proto__', 1);
    expect(map.get('__proto__')).toBe(1);
    expect(map.get('toString')).toBeUndefined();
  });

  it('LruMap rejects a capacity below one', () => {
    expect(() => new LruMap(0, new ManualClock())).toThrow(RangeError);
  });
});
