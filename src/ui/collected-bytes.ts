import { DOWNLOAD_BYTES } from './page-limits.js';

/** The bytes of a result or of the items of a stream, for a download. */
export class CollectedBytes {
  #size = 0;
  #parts: Uint8Array<ArrayBuffer>[] = [];

  /** Undefined if they exceed `DOWNLOAD_BYTES`. */
  get parts(): readonly Uint8Array<ArrayBuffer>[] | undefined {
    return this.#size > DOWNLOAD_BYTES ? undefined : this.#parts;
  }

  add(bytes: Uint8Array): void {
    this.#size += bytes.length;
    if (this.#size > DOWNLOAD_BYTES) this.#parts = [];
    else this.#parts.push(bytes as Uint8Array<ArrayBuffer>);
  }
}
