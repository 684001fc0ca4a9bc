/**
 * Bytes that a message carries beside its JSON. In the JSON, each array has the same mark, a string that occurs nowhere else, so that
 * the place of each array is found again.
 */
export class AttachedBytes {
  readonly mark = `#${Math.random()}`;
  readonly arrays: Uint8Array[] = [];
  /** Size of all arrays. */
  get size(): number {
    return totalLength(this.arrays);
  }

  /** Length of all arrays as base64. */
  get base64Length(): number {
    return this.arrays.reduce((length, array) => length + 4 * Math.ceil(array.length / 3), 0);
  }

  /** Adds bytes, in the order of the JSON. Returns what stands for them. */
  add(bytes: Uint8Array): string {
    this.arrays.push(bytes);
    return this.mark;
  }

  /** Returns the array with this number. */
  at(number: number): Uint8Array {
    return this.arrays[number] ?? new Uint8Array();
  }

  /** Returns the parts of a JSON text between the arrays. */
  split(json: string): string[] {
    return json.split(`"${this.mark}"`);
  }

  /** Whether the JSON has a place for each array, and no other text that looks like one. */
  fits(json: string): boolean {
    return this.split(json).length === this.arrays.length + 1;
  }
}

/** Returns the size of several arrays. */
export function totalLength(arrays: readonly Uint8Array[]): number {
  return arrays.reduce((size, array) => size + array.length, 0);
}

/** What stands for the array with this number in the JSON of a message that was received. No base64 looks like it. */
export function arrayMark(number: number): string {
  return `#${number}`;
}
