import { type ExtensionSet, parseExtensions, SPOKEN_EXTENSIONS } from '../../protocol/extensions.js';
import { Fragment } from '../../transport/channel/outgoing-message.js';

/** What a message contains instead of a field that it does not have. */
export const NO_FIELD = new Fragment('');

const ANNOUNCEMENT = new Fragment(`,"extensions":${JSON.stringify(SPOKEN_EXTENSIONS)}`);

/**
 * What the two ends of a connection know about each other. Each side names its extensions in its first call, or in its first
 * answer if that comes earlier. A peer that makes or answers a call without naming any never gets the list.
 */
export class Negotiation {
  /** The extensions of the peer. Undefined until its first call or answer has arrived. */
  extensions: ExtensionSet | undefined;
  #announced = false;

  /** Reads the list in the first call or answer of the peer. */
  heard(list: unknown): void {
    this.extensions = parseExtensions(list);
    if (!Array.isArray(list)) this.#announced = true;
  }

  /** Returns what the next call or answer has to contain after its arguments or its result. */
  takeAnnouncement(): Fragment {
    if (this.#announced) return NO_FIELD;
    this.#announced = true;
    return ANNOUNCEMENT;
  }
}
