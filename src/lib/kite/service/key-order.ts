/**
 * Consistent hashing by the highest weight of a key and a place (rendezvous hashing): all callers that know the same places
 * choose the same one for a key, keys spread evenly, and only the keys of a place that comes or goes change theirs.
 */

/** A place to which keys are assigned. */
export interface HashedPlace {
  /** The `hashOf` its name. */
  readonly hash: number;
}

/** Returns a hash of 32 bits (FNV-1a). */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** Returns the weight of a place for a key, by their hashes. */
export function weightOf(key: number, place: number): number {
  // The end of MurmurHash3, which spreads the difference of one bit to all.
  let weight = key ^ Math.imul(place, 0x9e3779b1);
  weight = Math.imul(weight ^ (weight >>> 16), 0x85ebca6b);
  weight = Math.imul(weight ^ (weight >>> 13), 0xc2b2ae35);
  return (weight ^ (weight >>> 16)) >>> 0;
}

/** Returns the place of a key, by its hash, among those that `isUsable` accepts. */
export function placeOf<Place extends HashedPlace>(
  key: number,
  places: Iterable<Place>,
  isUsable: (place: Place) => boolean,
): Place | undefined {
  let best: Place | undefined;
  let most = -1;
  for (const place of places) {
    const weight = weightOf(key, place.hash);
    if (weight <= most || !isUsable(place)) continue;
    best = place;
    most = weight;
  }
  return best;
}
