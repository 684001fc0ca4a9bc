import { makeVisible } from '../../util/make-visible.js';
import { messageOf } from '../../util/message-of.js';
import { FOLLOW_WARNINGS } from '../runtime/command-limits.js';

/** Reports that the connection to Kontrol is lost, and that there is one again. */
export class LossReport {
  readonly #say: (line: string) => void;
  /** The reasons that were reported since the connection was lost. */
  readonly #reasons = new Set<string>();

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** Reports why the connection was lost, or why it could not be opened again, once for each reason. */
  lost(error: unknown): void {
    const reason = makeVisible(messageOf(error)).replace(/\.$/, '');
    if (this.#reasons.has(reason) || this.#reasons.size >= FOLLOW_WARNINGS) return;
    this.#reasons.add(reason);
    this.#say(`warning: ${reason}. Trying again until interrupted.`);
  }

  connected(url: string): void {
    if (this.#reasons.size > 0) this.#say(`note: Connected to Kontrol at ${makeVisible(url)} again.`);
    this.#reasons.clear();
  }
}
