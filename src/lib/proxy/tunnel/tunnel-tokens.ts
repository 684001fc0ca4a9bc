import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readClaims } from '../../keys/jwt-claims.js';
import type { Clock } from '../../util/clock.js';
import { TUNNEL_TOKEN_LENGTH } from '../limits/proxy-limits.js';

/** The claims of a token with which a kite opens a tunnel. */
export interface TunnelToken {
  /** Id of the kite. */
  readonly kiteId: string;
  /** Number of the tunnel. */
  readonly tunnel: number;
}

/** The only accepted header: the algorithm is fixed. */
const HEADER = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');

/**
 * Signs and verifies the JWTs with which kites open tunnels: `sub` is the kite, `seq` the tunnel, `exp` the expiry. Only the
 * proxy that signed a token verifies it, so the key is a secret of this process, and an HMAC is a hundred times faster than RSA.
 */
export class TunnelTokens {
  readonly #secret = randomBytes(32);
  readonly #clock: Clock;
  readonly #ttl: number;

  /** `ttl`: lifetime of a token in milliseconds. The caller ensures that each token is used once. */
  constructor(clock: Clock, ttl: number) {
    this.#clock = clock;
    this.#ttl = ttl;
  }

  sign({ kiteId, tunnel }: TunnelToken): string {
    // Not rounded to seconds, so that a token does not outlive its tunnel.
    const claims = JSON.stringify({
      sub: kiteId,
      seq: tunnel,
      exp: (this.#clock.monotonic() + this.#ttl) / 1000,
    });
    const input = `${HEADER}.${Buffer.from(claims).toString('base64url')}`;
    return `${input}.${this.#mac(input).toString('base64url')}`;
  }

  /** Verifies a token and returns its claims. Returns undefined if it is invalid or expired. */
  read(token: string): TunnelToken | undefined {
    if (token.length > TUNNEL_TOKEN_LENGTH || !token.startsWith(`${HEADER}.`)) return undefined;
    const dot = token.lastIndexOf('.');
    const input = token.slice(0, dot);
    const mac = Buffer.from(token.slice(dot + 1), 'base64url');
    const expected = this.#mac(input);
    if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) return undefined;
    // The claims have this type, because `sign` wrote them.
    const { sub, seq, exp } = readClaims(token) as { sub: string; seq: number; exp: number };
    return this.#clock.monotonic() < exp * 1000 ? { kiteId: sub, tunnel: seq } : undefined;
  }

  #mac(input: string): Buffer {
    return createHmac('sha256', this.#secret).update(input).digest();
  }
}
