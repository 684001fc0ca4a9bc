/** Pieces of text that wait, first come first served. Taking one costs the same however many there are. */
export class Chunks {
  #pieces: string[] = [];
  #at = 0;
  #length = 0;

  /** In UTF-16 units. */
  get length(): number {
    return this.#length;
  }

  add(piece: string): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  take(): string | undefined {
    const piece = this.#pieces[this.#at];
    if (piece === undefined) return undefined;
    this.#length -= piece.length;
    // What was taken is let go of in one go, once it is most of what is here.
    if (++this.#at * 2 >= this.#pieces.length) {
      this.#pieces = this.#pieces.slice(this.#at);
      this.#at = 0;
    }
    return piece;
  }

  clear(): void {
    this.#pieces = [];
    this.#at = 0;
    this.#length = 0;
  }
}
