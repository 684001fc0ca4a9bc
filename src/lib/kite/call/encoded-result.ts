import { Fragment } from '../../transport/channel/outgoing-message.js';
import { quote } from '../../transport/sockjs/quoting.js';

/**
 * The result of a call as JSON, in pieces that were encoded for the transport one after the other. A handler returns it instead
 * of a long result, whose encoding in one turn of the event loop would delay other callers. As the argument of a callback, it
 * stands for `{error: null, result}`, so that many callbacks can share pieces.
 */
export class EncodedResult {
  readonly pieces: Fragment[] = [];

  /** Adds a piece of the JSON. It contains no functions. */
  add(json: string): void {
    const piece = new Fragment(json);
    piece.encoded(quote);
    this.pieces.push(piece);
  }
}
