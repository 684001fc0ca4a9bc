import { describe, expect, it } from 'vitest';
import { hashOf, placeOf } from '../../../../src/lib/kite/service/key-order.js';

const placesAt = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const url = `http://10.0.0.${index}:3636/kite`;
    return { url, hash: hashOf(url) };
  });
const keys = Array.from({ length: 10_000 }, (_, index) => `user-${index}`);

function assigned(places: ReturnType<typeof placesAt>): (string | undefined)[] {
  return keys.map((key) => placeOf(hashOf(key), places, () => true)?.url);
}

describe('the kite of a key', () => {
  it('the kite of a key does not depend on the order in which the kites are known', () => {
    const places = placesAt(7);
    expect(assigned(places)).toEqual(assigned(places.toReversed()));
  });

  it('keys spread evenly over the kites', () => {
    const counts = new Map<string | undefined, number>();
    for (const url of assigned(placesAt(10))) counts.set(url, (counts.get(url) ?? 0) + 1);
    expect(counts.size).toBe(10);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('the keys of a kite that goes spread over all others, and no other key gets another kite', () => {
    const places = placesAt(10);
    const [before, after] = [assigned(places), assigned(places.slice(1))];
    const moved = keys.flatMap((_, index) => (before[index] === after[index] ? [] : (after[index] ?? [])));
    expect(before.filter((url, index) => url !== after[index] && url !== places[0]?.url)).toEqual([]);
    expect(moved.length).toBe(before.filter((url) => url === places[0]?.url).length);
    expect(new Set(moved).size).toBe(9);
  });

  it('a kite that cannot be used gets no key, and without kites there is none', () => {
    const places = placesAt(3);
    const first = placeOf(1, places, () => true);
    expect(placeOf(1, places, (place) => place !== first)).not.toBe(first);
    expect(placeOf(1, places, () => false)).toBeUndefined();
    expect(placeOf(1, [], () => true)).toBeUndefined();
  });
});
