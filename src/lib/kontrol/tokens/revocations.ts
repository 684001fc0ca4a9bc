import type { Request } from '../../kite/serve/request.js';
import type { RemoteFunction } from '../../kite/call/method-types.js';
import { KiteError } from '../../protocol/errors.js';
import { Emitter } from '../../util/emitter.js';
import type { KeyRing } from './key-ring.js';

export type RevocationsEvents = {
  /** A key pair was revoked, here or on another node. */
  revoke: [];
};

/** What kites have to know of revoked key pairs: those that had a key of one before may trust it still. */
export class Revocations extends Emitter<RevocationsEvents> {
  readonly #watching = new Map<Request['client'], RemoteFunction>();
  /** Public keys of the revoked pairs, PEM. */
  keys: readonly string[] = [];

  constructor(keyRing: KeyRing) {
    super();
    keyRing.on('change', () => {
      const revoked = keyRing.pairs.filter(({ state }) => state === 'revoked');
      if (revoked.length === this.keys.length) return;
      this.keys = revoked.map(({ publicKey }) => publicKey);
      this.emit('revoke');
      for (const callback of this.#watching.values()) callback(this.keys);
    });
  }

  /** `watchKeys(callback)`: the revoked keys, and from then on all of them each time that there is one more. */
  watch({ client, args: [callback] }: Request): { readonly revokedKeys: readonly string[] } {
    if (typeof callback !== 'function')
      throw new KiteError('argumentError', 'watchKeys takes a function to call when a key pair is revoked');
    if (!this.#watching.has(client)) client.on('disconnect', () => this.#watching.delete(client));
    this.#watching.set(client, callback as RemoteFunction);
    return { revokedKeys: this.keys };
  }
}
