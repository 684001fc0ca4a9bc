import type { ValueSupport } from '../../dnode/encode-values.js';
import {
  type Extension,
  type ExtensionSet,
  parseExtensions,
  SPOKEN_EXTENSIONS,
} from '../../protocol/extensions.js';
import { NO_FIELD } from './envelope.js';
import { Fragment } from '../../transport/channel/outgoing-message.js';

const NO_VALUES: ValueSupport = { values: false, bytes: false };
const ALL_VALUES: ValueSupport = { values: true, bytes: true };

const ANNOUNCEMENT = new Fragment(`,"extensions":${JSON.stringify(SPOKEN_EXTENSIONS)}`);

/**
 * What the two ends of a connection know about each other. Each side names its extensions in its first call, or in its first
 * answer if that comes earlier. A peer that makes or answers a call without naming any never gets the list.
 */
export class Negotiation {
  /** The extensions of the peer. Undefined until its first call or answer has arrived. */
  extensions: ExtensionSet | undefined;
  #announced = false;
  #valueSupport = NO_VALUES;

  /** Which values the peer can receive. */
  get valueSupport(): ValueSupport {
    return this.#valueSupport;
  }

  /** Reads the list in the first call or answer of the peer. */
  heard(list: unknown): void {
    this.extensions = parseExtensions(list);
    const [values, bytes] = [this.extensions.has('values'), this.extensions.has('bytes')];
    if (values || bytes) this.#valueSupport = values && bytes ? ALL_VALUES : { values, bytes };
    if (!Array.isArray(list)) this.#announced = true;
  }

  /** Whether the peer may read what this extension adds: it has named it, or has not been heard yet. */
  mayRead(extension: Extension): boolean {
    return this.extensions?.has(extension) ?? true;
  }

  /** Returns what the next call or answer has to contain after its arguments or its result. */
  takeAnnouncement(): Fragment {
    if (this.#announced) return NO_FIELD;
    this.#announced = true;
    return ANNOUNCEMENT;
  }
}
