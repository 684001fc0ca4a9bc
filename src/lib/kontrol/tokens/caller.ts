import type { Descent } from '../../keys/revoked-ids.js';

/** Who gets a token: the kite key that it descends from, and until when the caller can get tokens. */
export interface Caller extends Descent {
  /** A kite key, or a session with tokens for Kontrol. */
  readonly type: 'kiteKey' | 'session';
  /** In milliseconds since 1970. Infinity for a kite key that does not expire. */
  readonly sessionEnd: number;
}
