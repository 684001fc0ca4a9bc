/**
 * Bytes that a message carries beside its JSON. In the JSON, each array has the same mark, a string that occurs nowhere else, so
 * that the place of each array is found again.
 */
export class AttachedBytes {
  // Nearly no value has any, so it is made when it is needed.
  #mark: string | undefined;
  readonly arrays: Uint8Array[] = [];

  get mark(): string {
    return (this.#mark ??= newMark());
  }

  /** Size of all arrays. */
  get size(): number {
    return this.arrays.reduce((size, array) => size + array.length, 0);
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

  /** Keeps copies, because the program may change its bytes before the message is sent. */
  copy(): void {
    for (const [number, array] of this.arrays.entries()) this.arrays[number] = array.slice();
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

/** The bytes beside the JSON of a message that was received, by what stands for them there. The peer cannot guess it. */
export class ReceivedBytes {
  readonly #mark = newMark();
  readonly #arrays = new Map<string, Uint8Array>();
  readonly #unread = new Set<string>();
  /** Size of all arrays. */
  size = 0;

  /** Adds an array. Returns what stands for it. */
  add(array: Uint8Array): string {
    const mark = `${this.#mark}:${this.#arrays.size}`;
    this.#arrays.set(mark, array);
    this.#unread.add(mark);
    this.size += array.length;
    return mark;
  }

  /** Whether an array was not read: what stands for it is not in a place of values. */
  get isLeft(): boolean {
    return this.#unread.size > 0;
  }

  /**
   * Returns the array for which a text stands, for the program. It is a view of the message if that takes little more memory, and
   * can also be read as numbers of eight bytes there.
   */
  get(mark: string): Uint8Array | undefined {
    const array = this.#arrays.get(mark);
    if (!array) return undefined;
    this.#unread.delete(mark);
    const isMost = array.length * 2 >= array.buffer.byteLength;
    return isMost && array.byteOffset % 8 === 0 ? array : array.slice();
  }
}

/** Returns a text that occurs nowhere else. It differs from any base64. */
function newMark(): string {
  return `#${Math.random()}`;
}
