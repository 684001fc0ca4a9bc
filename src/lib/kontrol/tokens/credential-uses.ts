import type { Clock } from '../../util/clock.js';
import type { KontrolLimits } from '../limits/kontrol-limits.js';
import type { Caller } from './token-issuer.js';

/** A kite key or a session, with its last use at this node. */
export interface CredentialUse extends Caller {
  /** In milliseconds since 1970. Undefined if it was issued here and has not been used yet. */
  readonly lastUse: number | undefined;
}

/** The kite keys and sessions that this node has issued or verified since it started. */
export class CredentialUses {
  /** The least recently used one first. */
  readonly #uses = new Map<string, CredentialUse>();
  readonly #max: number;
  readonly #clock: Clock;

  constructor(limits: Pick<KontrolLimits, 'credentialUses'>, clock: Clock) {
    this.#max = limits.credentialUses;
    this.#clock = clock;
  }

  /** Records that a credential was issued. */
  issued(caller: Caller): void {
    this.#record(caller, undefined);
  }

  /** Records that a credential was used now. */
  used(caller: Caller): void {
    this.#record(caller, this.#clock.now());
  }

  /** Returns those that have not ended, the least recently used one first. */
  list(): readonly CredentialUse[] {
    const now = this.#clock.now();
    return [...this.#uses.values()].filter(({ sessionEnd }) => sessionEnd > now);
  }

  #record({ username, kiteKeyId, issuedAt, sessionEnd }: Caller, lastUse: number | undefined): void {
    const key = JSON.stringify([username, kiteKeyId, issuedAt, sessionEnd]);
    this.#uses.delete(key);
    const [oldest] = this.#uses.keys();
    if (this.#uses.size >= this.#max && oldest !== undefined) this.#uses.delete(oldest);
    this.#uses.set(key, { username, kiteKeyId, issuedAt, sessionEnd, lastUse });
  }
}
