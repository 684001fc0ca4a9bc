/** A queue of chunks. Taking a chunk takes constant time. */
export class ChunkQueue {
  #chunks: string[] = [];
  #at = 0;
  #length = 0;

  /** Length of all chunks, in UTF-16 units. */
  get length(): number {
    return this.#length;
  }

  add(chunk: string): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** Removes and returns the first chunk. Returns undefined if the queue is empty. */
  take(): string | undefined {
    const chunk = this.#chunks[this.#at];
    if (chunk === undefined) return undefined;
    this.#length -= chunk.length;
    // Removes the taken chunks when they are at least half of the array.
    if (++this.#at * 2 >= this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#at);
      this.#at = 0;
    }
    return chunk;
  }

  clear(): void {
    this.#chunks = [];
    this.#at = 0;
    this.#length = 0;
  }
}
