import type { Request } from '../../kite/serve/request.js';
import type { RemoteFunction } from '../../kite/call/remote-function.js';
import { KiteError } from '../../protocol/errors.js';
import { Emitter } from '../../util/emitter.js';
import type { Logger } from '../../util/logger.js';
import type { KeyRing } from './key-ring.js';

export type RevocationsEvents = {
  /** A key pair or a kite key was revoked, on this node or another. */
  revoke: [];
};

/** Notifies kites of revoked key pairs, which they may still trust, and of revoked kite keys. */
export class Revocations extends Emitter<RevocationsEvents> {
  readonly #callbacks = new Map<Request['client'], RemoteFunction>();
  /** Public keys of the revoked key pairs, as PEM. */
  keys: readonly string[] = [];

  /** Ids of the revoked kite keys. */
  ids: readonly string[] = [];

  constructor(keyRing: KeyRing, logger: Logger) {
    super(logger);
    keyRing.on('change', () => {
      const revoked = keyRing.pairs.filter(({ state }) => state === 'revoked');
      const ids = keyRing.revokedIds;
      if (revoked.length === this.keys.length && ids.length === this.ids.length) return;
      // Ids are only added, at the end.
      const added = ids.slice(this.ids.length);
      this.keys = revoked.map(({ publicKey }) => publicKey);
      this.ids = ids;
      this.emit('revoke');
      for (const callback of this.#callbacks.values()) callback(this.keys, added);
    });
  }

  /**
   * Implements `watchKeys(callback)`: returns the revoked keys and the ids of the revoked kite keys. Whenever another one is
   * revoked, calls `callback` with all revoked keys, and with the ids that were added.
   */
  watch({ client, args: [callback] }: Request): {
    readonly revokedKeys: readonly string[];
    readonly revokedKiteKeys: readonly string[];
  } {
    if (typeof callback !== 'function')
      throw new KiteError('argumentError', 'watchKeys expects a callback for revoked keys');
    if (!this.#callbacks.has(client)) client.on('disconnect', () => this.#callbacks.delete(client));
    this.#callbacks.set(client, callback as RemoteFunction);
    return { revokedKeys: this.keys, revokedKiteKeys: this.ids };
  }
}
